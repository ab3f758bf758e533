/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * cli/import-report.c: the daemon's report in sentences.
 */
#include "cli/import-report.h"

static char *
format(const char *report, guint width)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) parsed =
        g_variant_parse(G_VARIANT_TYPE_VARDICT, report, NULL, NULL, &error);

    g_assert_no_error(error);
    return meishi_import_report_format(parsed, width);
}

static void
test_all_outcomes(void)
{
    g_autofree char *text =
        format("{'items': <["
               " {'outcome': <'added'>, 'label': <'Alice'>, 'key': <'RSA 2048'>,"
               "  'not-after': <int64 1700000000>, 'messages': <['It expired.']>},"
               " {'outcome': <'key-added'>, 'label': <'k'>, 'key': <'EC P-256'>},"
               " {'outcome': <'completed'>, 'label': <'c'>, 'key': <'EC P-256'>},"
               " {'outcome': <'unchanged'>, 'label': <'u'>, 'key': <'EC P-256'>},"
               " {'outcome': <'unchanged'>, 'label': <'Root CA'>},"
               " {'outcome': <'issuer'>, 'label': <'User CA'>},"
               " {'outcome': <'passed-over'>, 'label': <'Other'>}]>,"
               " 'notes': <['The CRL was passed over']>, 'vault-message': <'A vault was made.'>}",
               0);

    g_assert_cmpstr(text, ==,
                    "Added “Alice” (RSA 2048, valid until 2023-11-14)\n"
                    "  It expired.\n"
                    "Added the key “k” (EC P-256)\n"
                    "Added the certificate for the key of “c” (EC P-256)\n"
                    "Nothing to do for “u” (it is here already)\n"
                    "Kept 1 issuer certificate for the chain.\n"
                    "Passed over 1 certificate without a private key here.\n"
                    "The CRL was passed over.\n"
                    "A vault was made.\n");
}

/* A second certificate of a key is not the first one's completion. */
static void
test_further(void)
{
#define ITEMS                                                  \
    "'items': <[{'outcome': <'completed'>, 'label': <'late'>," \
    " 'key-of': <'early'>, 'key': <'EC P-256'>}]>}"
    g_autofree char *text = format("{" ITEMS, 0);
    g_autofree char *dry = format("{'dry-run': <true>, " ITEMS, 0);

    g_assert_cmpstr(text, ==, "Added the certificate “late” for the key of “early” (EC P-256)\n");
    g_assert_true(
        g_str_has_prefix(dry, "Would add the certificate “late” for the key of “early” (EC"));
#undef ITEMS
}

static void
test_warning_comes_first(void)
{
    g_autofree char *text =
        format("{'items': <[{'outcome': <'key-added'>, 'label': <'k'>, 'key': <'RSA 2048'>}]>,"
               " 'notes': <['A note.']>, 'warnings': <['They do not match.']>}",
               0);

    g_assert_cmpstr(text, ==,
                    "Warning: They do not match.\n"
                    "Added the key “k” (RSA 2048)\n"
                    "A note.\n");
}

static void
test_dry_run(void)
{
    g_autofree char *text =
        format("{'dry-run': <true>, 'items': <[{'outcome': <'added'>, 'label': <'a\\u0007'>,"
               " 'key': <'Ed25519'>}]>}",
               0);

    g_assert_cmpstr(text, ==,
                    "Would add “a\\u0007” (Ed25519)\n"
                    "This was a dry run: nothing was changed.\n");
}

static void
test_wraps(void)
{
    g_autofree char *text =
        format("{'items': <[{'outcome': <'added'>, 'label': <'a'>, 'key': <'Ed25519'>,"
               " 'messages': <['one two three four five six seven']>}]>}",
               24);

    g_assert_cmpstr(text, ==,
                    "Added “a” (Ed25519)\n"
                    "  one two three four\n"
                    "  five six seven\n");
}

int
main(int argc, char **argv)
{
    g_setenv("TZ", "UTC", TRUE);
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli/import-report/all-outcomes", test_all_outcomes);
    g_test_add_func("/cli/import-report/further", test_further);
    g_test_add_func("/cli/import-report/warning-comes-first", test_warning_comes_first);
    g_test_add_func("/cli/import-report/dry-run", test_dry_run);
    g_test_add_func("/cli/import-report/wraps", test_wraps);
    return g_test_run();
}
