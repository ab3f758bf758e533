/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * daemon/prompter/words/import-view.c and import-card.c: reports of all kinds as pages.
 */
#include "daemon/prompter/words/import-view.h"

#include "tests/unit/prompter/words.h"

#include <string.h>

#define NOW 1795219200 /* 21 November 2026 */
#define DAY 86400

#define ALICE                                                                          \
    "{'outcome': <'added'>, 'label': <'Alice'>, 'subject': <'CN=Alice,O=Example'>,"    \
    " 'issuer': <'CN=User CA,O=Example'>, 'key': <'EC P-256'>, 'not-before': <int64 "  \
    "1795132800>, 'not-after': <int64 1797811200>, 'chain': <['CN=User CA,O=Example'," \
    " 'CN=Root CA']>, 'warnings': <@as []>}"
#define BOB                                                              \
    "{'outcome': <'added'>, 'label': <'Bob'>, 'issuer': <'CN=User CA'>," \
    " 'key': <'RSA 2048'>, 'not-after': <int64 1797811200>}"
#define ISSUER "{'outcome': <'issuer'>, 'label': <'User CA'>}"

static MeishiImported *
read_report(const char *text)
{
    g_autoptr(GError) error = NULL;
    GVariant *report = g_variant_parse(G_VARIANT_TYPE("a{sv}"), text, NULL, NULL, &error);
    MeishiImported *imported;

    g_assert_no_error(error);
    imported = meishi_imported_new(report);
    g_variant_unref(report);
    return imported;
}

static MeishiImportView *
plan_of(const char *items, MeishiImportVault vault)
{
    static const char *const files[] = {"a.p12", NULL};
    g_autofree char *report = g_strdup_printf("{'items': <[%s]>, 'dry-run': <true>}", items);
    g_autoptr(MeishiImported) imported = read_report(report);

    return meishi_import_view_plan(imported, vault, files, NOW);
}

static MeishiImportView *
result_of(const char *items, const char *made)
{
    g_autofree char *report = g_strdup_printf("{'items': <[%s]>}", items);
    g_autoptr(MeishiImported) imported = read_report(report);

    return meishi_import_view_result(imported, made, NOW);
}

static const MeishiImportCard *
card_at(GPtrArray *cards, guint index)
{
    g_assert_cmpuint(index, <, cards->len);
    return g_ptr_array_index(cards, index);
}

/* All facts as "name=value|name=value". */
static void
assert_facts(const MeishiImportCard *card, const char *expected)
{
    g_autoptr(GString) all = g_string_new(NULL);

    for (guint i = 0; i + 1 < card->facts->len; i += 2)
        g_string_append_printf(all, "%s%s=%s", i > 0 ? "|" : "",
                               (char *)g_ptr_array_index(card->facts, i),
                               (char *)g_ptr_array_index(card->facts, i + 1));
    assert_text(all->str, expected);
}

static gboolean
says(GPtrArray *notes, const char *words)
{
    for (guint i = 0; i < notes->len; i++) {
        const MeishiImportNote *note = g_ptr_array_index(notes, i);

        if (strstr(note->text, words) != NULL)
            return TRUE;
    }
    return FALSE;
}

/* ---- before ---------------------------------------------------------------------------------- */

static void
test_one(void)
{
    g_autoptr(MeishiImportView) view = plan_of(ALICE "," ISSUER, MEISHI_IMPORT_VAULT_OPEN);

    assert_text(view->heading, "Import “Alice”?");
    g_assert_cmpstr(view->label, ==, "Alice");
    g_assert_true(view->may_import);
    g_assert_cmpuint(view->others->len, ==, 0);
    assert_facts(card_at(view->cards, 0),
                 "Issued by=User CA|Valid=until 21 December 2026 (in 30 days)|"
                 "Key=EC P-256|Chain=User CA → Root CA");
    g_assert_cmpuint(view->notes->len, ==, 1);
    g_assert_true(says(view->notes, "in your vault on this computer"));
}

static void
test_several(void)
{
    g_autoptr(MeishiImportView) view =
        plan_of(ALICE "," BOB "," ISSUER, MEISHI_IMPORT_VAULT_LOCKED);

    g_assert_cmpstr(view->heading, ==, "Import 2 Certificates?");
    g_assert_null(view->label);
    g_assert_cmpuint(view->cards->len, ==, 2);
    g_assert_cmpstr(card_at(view->cards, 1)->title, ==, "Bob");
    g_assert_cmpstr(card_at(view->cards, 1)->summary, ==,
                    "User CA · until 21 December 2026 · RSA 2048");
    g_assert_true(says(view->notes, "1 issuer's certificate is kept beside them"));
    g_assert_true(says(view->notes, "asked for its passphrase next"));
}

static void
test_headings(void)
{
    static const struct {
        const char *items, *heading;
        gboolean may_import;
    } cases[] = {
        {"{'outcome': <'key-added'>, 'label': <'k'>, 'key': <'RSA 2048'>}",
         "Import the Private Key “k”?", TRUE},
        {"{'outcome': <'completed'>, 'label': <'c'>, 'key': <'RSA 2048'>}",
         "Import the Certificate “c” for Your Key?", TRUE},
        {"{'outcome': <'completed'>, 'label': <'c'>, 'key-of': <'o'>, 'key': <'RSA 2048'>}",
         "Import “c”?", TRUE},
        {ISSUER, "Complete the Chains of Your Certificates?", TRUE},
        {"{'outcome': <'unchanged'>, 'label': <'u'>, 'key': <'RSA 2048'>}",
         "Everything in “a.p12” Is Here Already", FALSE},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(MeishiImportView) view = plan_of(cases[i].items, MEISHI_IMPORT_VAULT_OPEN);

        assert_text(view->heading, cases[i].heading);
        g_assert_cmpint(view->may_import, ==, cases[i].may_import);
    }
}

static void
test_places(void)
{
    static const struct {
        MeishiImportVault vault;
        const char *words;
    } cases[] = {
        {MEISHI_IMPORT_VAULT_OPEN, "in your vault on this computer."},
        {MEISHI_IMPORT_VAULT_LOCKED, "The vault is locked"},
        {MEISHI_IMPORT_VAULT_NEW_KEYRING, "keyring opens it when you log in"},
        {MEISHI_IMPORT_VAULT_NEW_PASSPHRASE, "you choose a passphrase for it next"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(MeishiImportView) view = plan_of(ALICE, cases[i].vault);

        g_assert_true(says(view->notes, cases[i].words));
    }
}

static void
test_others(void)
{
    g_autoptr(MeishiImportView) view =
        plan_of(ALICE ",{'outcome': <'unchanged'>, 'label': <'Old'>, 'key': <'RSA 2048'>}"
                      ",{'outcome': <'passed-over'>, 'label': <'CA'>, 'reason': <'authority'>}"
                      ",{'outcome': <'passed-over'>, 'label': <'M'>, 'reason': <'key-mismatch'>}"
                      ",{'outcome': <'passed-over'>, 'label': <'N'>, 'reason': <'no-key'>}"
                      ",{'outcome': <'unchanged'>, 'label': <'Known CA'>}",
                MEISHI_IMPORT_VAULT_OPEN);

    g_assert_cmpuint(view->others->len, ==, 4);
    g_assert_cmpstr(card_at(view->others, 0)->summary, ==, "Is here already; nothing is changed.");
    g_assert_nonnull(strstr(card_at(view->others, 1)->summary, "authority's certificate"));
    g_assert_nonnull(strstr(card_at(view->others, 2)->summary, "belongs to another certificate"));
    g_assert_nonnull(strstr(card_at(view->others, 3)->summary, "neither in the file nor in"));
}

static void
test_warnings(void)
{
    g_autoptr(MeishiImportView) view =
        plan_of("{'outcome': <'added'>, 'label': <'W'>, 'key': <'RSA 512'>, 'not-after': <int64 "
                "1700000000>, 'warnings': <['expired', 'weak-key', 'brand-new']>,"
                " 'messages': <['a', 'b', 'What the daemon says.']>, 'may-renew': <'Older'>}",
                MEISHI_IMPORT_VAULT_OPEN);
    const MeishiImportCard *card = card_at(view->cards, 0);

    g_assert_cmpuint(card->notes->len, ==, 4);
    g_assert_true(says(card->notes, "It expired on 14 November 2023: servers refuse it."));
    g_assert_true(says(card->notes, "too short to be safe"));
    g_assert_true(says(card->notes, "What the daemon says."));
    g_assert_true(says(card->notes, "that is not certain"));
    g_assert_true(((MeishiImportNote *)g_ptr_array_index(card->notes, 0))->is_warning);
    g_assert_false(((MeishiImportNote *)g_ptr_array_index(card->notes, 3))->is_warning);
}

static void
test_renewal(void)
{
    g_autoptr(MeishiImportView) view =
        plan_of("{'outcome': <'added'>, 'label': <'New'>, 'subject': <'CN=Alice'>,"
                " 'key': <'RSA 2048'>, 'renews': <'Old'>}",
                MEISHI_IMPORT_VAULT_OPEN);

    assert_facts(card_at(view->cards, 0),
                 "Issued to=Alice|Key=RSA 2048|"
                 "Renews=“Old”; what you chose for that one holds for this one");
}

/* Names are chosen by strangers: no second line, no turned direction, no end of line is theirs. */
static void
test_untrusted(void)
{
    g_autoptr(MeishiImportView) view =
        plan_of("{'outcome': <'added'>, 'label': <'Al\\u202eice\\nBob'>, 'key': <'RSA 2048'>,"
                " 'issuer': <'CN=Evil\\u0007CA'>}",
                MEISHI_IMPORT_VAULT_OPEN);

    assert_text(view->heading, "Import “Al\uFFFDice\uFFFDBob”?");
    assert_facts(card_at(view->cards, 0), "Issued by=Evil\uFFFDCA|Key=RSA 2048");
}

static void
test_notes_of_files(void)
{
    static const char *const files[] = {"a.pem", "b.pem", NULL};
    g_autoptr(MeishiImported) imported =
        read_report("{'items': <[" ALICE "]>, 'warnings': <['It does not match.']>,"
                    " 'notes': <['A CRL.', 'It renews.']>, 'file-notes': <uint32 1>}");
    g_autoptr(MeishiImportView) view =
        meishi_import_view_plan(imported, MEISHI_IMPORT_VAULT_OPEN, files, NOW);

    g_assert_true(says(view->notes, "It does not match."));
    g_assert_true(says(view->notes, "A CRL."));
    g_assert_false(says(view->notes, "It renews."));
}

/* ---- afterwards ------------------------------------------------------------------------------ */

static void
test_result(void)
{
    g_autoptr(MeishiImportView) one = result_of(ALICE, "");
    g_autoptr(MeishiImportView) two = result_of(ALICE "," BOB, "secret-service");
    g_autoptr(MeishiImportView) key =
        result_of("{'outcome': <'key-added'>, 'label': <'k'>, 'key': <'RSA 2048'>}", "passphrase");

    assert_text(one->heading, "“Alice” Was Imported");
    g_assert_nonnull(one->text);
    g_assert_true(says(one->notes, "The file still holds the private key"));
    g_assert_false(says(one->notes, "A vault was made"));
    g_assert_cmpstr(two->heading, ==, "2 Certificates Were Imported");
    g_assert_true(says(two->notes, "keyring opens it when you log in"));
    g_assert_null(key->text);
    g_assert_true(says(key->notes, "Its passphrase alone opens it"));
}

static void
test_result_of_nothing(void)
{
    g_autoptr(MeishiImportView) chains = result_of(ISSUER, "");
    g_autoptr(MeishiImportView) nothing =
        result_of("{'outcome': <'unchanged'>, 'label': <'u'>, 'key': <'RSA 2048'>}", "");

    g_assert_cmpstr(chains->heading, ==, "The Chains Were Completed");
    g_assert_cmpstr(nothing->heading, ==, "Everything Was Here Already");
    g_assert_null(nothing->text);
    g_assert_cmpuint(nothing->notes->len, ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/prompter/import-view/one", test_one);
    g_test_add_func("/prompter/import-view/several", test_several);
    g_test_add_func("/prompter/import-view/headings", test_headings);
    g_test_add_func("/prompter/import-view/places", test_places);
    g_test_add_func("/prompter/import-view/others", test_others);
    g_test_add_func("/prompter/import-view/warnings", test_warnings);
    g_test_add_func("/prompter/import-view/renewal", test_renewal);
    g_test_add_func("/prompter/import-view/untrusted", test_untrusted);
    g_test_add_func("/prompter/import-view/notes-of-files", test_notes_of_files);
    g_test_add_func("/prompter/import-view/result", test_result);
    g_test_add_func("/prompter/import-view/result-of-nothing", test_result_of_nothing);
    return g_test_run();
}
