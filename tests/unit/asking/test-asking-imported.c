/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The report of an import as facts, from whole reports, from an older daemon's and a newer one's.
 */
#include "daemon/asking/imported.h"

static MeishiImported *
read_text(const char *text)
{
    g_autoptr(GError) error = NULL;
    GVariant *report = g_variant_parse(G_VARIANT_TYPE("a{sv}"), text, NULL, NULL, &error);
    MeishiImported *imported;

    g_assert_no_error(error);
    imported = meishi_imported_new(report);
    g_variant_unref(report);
    return imported;
}

static const MeishiImportedItem *
item_at(const MeishiImported *imported, guint index)
{
    g_assert_cmpuint(index, <, imported->items->len);
    return g_ptr_array_index(imported->items, index);
}

static void
test_whole(void)
{
    g_autoptr(MeishiImported) imported = read_text(
        "{'dry-run': <true>, 'warnings': <['w']>, 'notes': <['a', 'b']>, 'file-notes': <uint32 1>,"
        " 'vault-created': <'passphrase'>, 'vault-message': <'m'>, 'items': <[{"
        " 'outcome': <'added'>, 'file': <'f'>, 'id': <'i'>, 'label': <'l'>, 'subject': <'s'>,"
        " 'issuer': <'ca'>, 'key': <'RSA 2048'>, 'renews': <'old'>, 'not-before': <int64 1>,"
        " 'not-after': <int64 2>, 'chain': <['ca', 'root']>, 'warnings': <['expired']>,"
        " 'messages': <['m']>}]>}");
    const MeishiImportedItem *item = item_at(imported, 0);

    g_assert_true(imported->is_dry_run);
    g_assert_cmpstr(imported->warnings[0], ==, "w");
    g_assert_cmpstr(imported->notes[1], ==, "b");
    g_assert_cmpuint(imported->n_file_notes, ==, 1);
    g_assert_cmpstr(imported->vault_created, ==, "passphrase");
    g_assert_cmpint(item->outcome, ==, MEISHI_IMPORTED_ADDED);
    g_assert_true(item->is_identity);
    g_assert_cmpstr(item->issuer, ==, "ca");
    g_assert_cmpstr(item->renews, ==, "old");
    g_assert_cmpstr(item->may_renew, ==, "");
    g_assert_cmpint(item->not_before, ==, 1);
    g_assert_cmpint(item->not_after, ==, 2);
    g_assert_cmpstr(item->chain[1], ==, "root");
    g_assert_cmpstr(item->warnings[0], ==, "expired");
    g_assert_cmpstr(item->messages[0], ==, "m");
}

static void
test_sparse(void)
{
    g_autoptr(MeishiImported) empty = read_text("@a{sv} {}");
    g_autoptr(MeishiImported) bare = read_text("{'items': <[{'outcome': <'added'>}]>}");
    const MeishiImportedItem *item = item_at(bare, 0);

    g_assert_cmpuint(empty->items->len, ==, 0);
    g_assert_null(empty->warnings[0]);
    g_assert_null(empty->notes[0]);
    g_assert_cmpstr(empty->vault_created, ==, "");
    g_assert_false(item->is_identity);
    g_assert_cmpstr(item->label, ==, "");
    g_assert_null(item->chain[0]);
    g_assert_null(item->messages[0]);
}

static void
test_outcomes(void)
{
    static const struct {
        const char *item;
        MeishiImportedOutcome outcome;
    } cases[] = {
        {"{'outcome': <'added'>}", MEISHI_IMPORTED_ADDED},
        {"{'outcome': <'key-added'>}", MEISHI_IMPORTED_KEY_ADDED},
        {"{'outcome': <'completed'>}", MEISHI_IMPORTED_COMPLETED},
        {"{'outcome': <'completed'>, 'key-of': <'x'>}", MEISHI_IMPORTED_FURTHER},
        {"{'outcome': <'unchanged'>}", MEISHI_IMPORTED_UNCHANGED},
        {"{'outcome': <'issuer'>}", MEISHI_IMPORTED_ISSUER},
        {"{'outcome': <'passed-over'>}", MEISHI_IMPORTED_PASSED_OVER},
        {"{'outcome': <'sent-to-the-moon'>}", MEISHI_IMPORTED_UNKNOWN},
        {"{'label': <'x'>}", MEISHI_IMPORTED_UNKNOWN},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = g_strdup_printf("{'items': <[%s]>}", cases[i].item);
        g_autoptr(MeishiImported) imported = read_text(text);

        g_assert_cmpint(item_at(imported, 0)->outcome, ==, cases[i].outcome);
        g_assert_cmpuint(meishi_imported_count(imported, cases[i].outcome), ==, 1);
    }
}

static void
test_refused(void)
{
    const char *const files[] = {"a.p12", "a.p12: old", "b.key", NULL};

    g_assert_cmpstr(meishi_imported_refused(files, "b.key: needs a password"), ==, "b.key");
    g_assert_cmpstr(meishi_imported_refused(files, "a.p12: needs a password"), ==, "a.p12");
    g_assert_null(meishi_imported_refused(files, "b.key needs a password"));
    g_assert_null(meishi_imported_refused(files, "c.key: needs a password"));
    g_assert_null(meishi_imported_refused(files, ""));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/asking/imported/whole", test_whole);
    g_test_add_func("/asking/imported/sparse", test_sparse);
    g_test_add_func("/asking/imported/outcomes", test_outcomes);
    g_test_add_func("/asking/imported/refused", test_refused);
    return g_test_run();
}
