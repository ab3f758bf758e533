/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * cli/name.c: which identity a name means, as a table.
 */
#include "cli/name.h"

#include "cli/error.h"
#include "tests/unit/cli/sample-card.h"

#include <string.h>

/* Labels and ids are such that each kind of match could be hidden by another. */
static GPtrArray *
sample(void)
{
    GPtrArray *cards = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_card_free);

    g_ptr_array_add(cards,
                    sample_card("{'Id': <'aaaa1111'>, 'Label': <'work'>, 'KeyId': <'01ff'>,"
                                " 'Token': <'Meishi'>, 'Subject': <'CN=Alice,O=Example Corp'>,"
                                " 'AlternativeNames': <['email:alice@example.com']>}"));
    g_ptr_array_add(cards,
                    sample_card("{'Id': <'aaaa2222'>, 'Label': <'Work at home'>, 'KeyId': <'02ff'>,"
                                " 'Token': <'Meishi'>, 'Subject': <'CN=Bob,O=Example Corp'>}"));
    g_ptr_array_add(cards,
                    sample_card("{'Id': <'bbbb3333'>, 'Label': <'aaaa1111'>, 'KeyId': <'03ff'>,"
                                " 'Token': <'Meishi (EdDSA)'>, 'Subject': <'CN=Straße'>}"));
    g_ptr_array_add(cards, sample_card("{'Id': <'cccc4444'>, 'Label': <'VPN'>, 'Subject': <''>,"
                                       " 'KeyId': <'04ff'>, 'Token': <'Meishi'>}"));
    return cards;
}

static void
test_resolves(void)
{
    const struct {
        const char *name;
        const char *id;   /* NULL: none */
        const char *says; /* in the error */
    } rows[] = {
        {"work", "aaaa1111", NULL},         /* the exact label, though others contain it */
        {"WORK AT HOME", "aaaa2222", NULL}, /* a label in other case */
        {"home", "aaaa2222", NULL},         /* a part of a label */
        {"aaaa1111", "aaaa1111", NULL},     /* the id before a label that looks like it */
        {"AAAA2222", "aaaa2222", NULL},
        {"bbbb", "bbbb3333", NULL},   /* the beginning of an id */
        {"bbb", NULL, "no identity"}, /* too short for an id */
        {"aaaa", NULL, "fits 2 identities"},
        {"alice", "aaaa1111", NULL},         /* a part of the subject */
        {"alice@example", "aaaa1111", NULL}, /* and of an alternative name */
        {"STRASSE", "bbbb3333", NULL},
        {"example corp", NULL, "fits 2 identities"},
        {"vpn", "cccc4444", NULL},
        {"vpm", NULL, "Did you mean “VPN”?"},
        {"hmoe", NULL, "Did you mean “home”?"},
        {"nothing like it", NULL, "`meishi list` shows all"},
        {"", NULL, "no identity"},
        {"pkcs11:token=Meishi;id=%01%FF", "aaaa1111", NULL},
        {"pkcs11:id=%02%ff;type=private", "aaaa2222", NULL},
        {"pkcs11:object=VPN?module-path=/x", "cccc4444", NULL},
        {"pkcs11:token=Other;id=%01%FF", NULL, "no identity"},
        {"pkcs11:token=Meishi;id=%03%FF", NULL, "no identity"},
        {"pkcs11:id=%01", NULL, "no identity"},
        {"pkcs11:token=Meishi", NULL, "no identity"},
        {"pkcs11:id=%zz", NULL, "no identity"},
        {"pkcs11:", NULL, "no identity"},
    };
    g_autoptr(GPtrArray) cards = sample();

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        MeishiCard *card = meishi_name_resolve(cards, rows[i].name, &error);

        g_test_message("%s", rows[i].name);
        if (rows[i].id != NULL) {
            g_assert_no_error(error);
            g_assert_cmpstr(meishi_card_text(card, "Id"), ==, rows[i].id);
        } else {
            g_assert_null(card);
            g_assert_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_NAME);
            g_assert_nonnull(strstr(error->message, rows[i].says));
        }
    }
}

static void
test_none_at_all(void)
{
    g_autoptr(GPtrArray) cards = g_ptr_array_new();
    g_autoptr(GError) error = NULL;

    g_assert_null(meishi_name_resolve(cards, "x", &error));
    g_assert_nonnull(strstr(error->message, "meishi import"));
}

static void
test_lists_candidates(void)
{
    g_autoptr(GPtrArray) cards = sample();
    g_autoptr(GError) error = NULL;

    g_assert_null(meishi_name_resolve(cards, "example", &error));
    g_assert_nonnull(strstr(error->message, "\n  aaaa1111  work  (CN=Alice,O=Example Corp)"));
    g_assert_nonnull(strstr(error->message, "\n  aaaa2222  Work at home  (CN=Bob"));
}

static void
test_long_list(void)
{
    g_autoptr(GPtrArray) cards = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_card_free);
    g_autoptr(GError) error = NULL;

    for (int i = 0; i < 12; i++)
        g_ptr_array_add(cards, sample_card("{'Id': <'0123'>, 'Label': <'same'>}"));
    g_assert_null(meishi_name_resolve(cards, "same", &error));
    g_assert_true(g_str_has_suffix(error->message, "\n  and 2 more"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli/name/resolves", test_resolves);
    g_test_add_func("/cli/name/none-at-all", test_none_at_all);
    g_test_add_func("/cli/name/lists-candidates", test_lists_candidates);
    g_test_add_func("/cli/name/long-list", test_long_list);
    return g_test_run();
}
