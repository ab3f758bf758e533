/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * cli/suggest.c: slips of the fingers are understood, and strangers are not forced to fit.
 */
#include "cli/suggest.h"

static const char *const words[] = {"import", "list", "show", "remove", "rename", "vault", NULL};

static void
test_suggest(void)
{
    const struct {
        const char *typed, *meant;
    } rows[] = {
        {"imprt", "import"}, {"ipmort", "import"}, {"lsit", "list"},   {"SHOW", "show"},
        {"remov", "remove"}, {"renam", "rename"},  {"valut", "vault"}, {"delete", NULL},
        {"x", NULL},         {"", NULL},           {"login", NULL},
    };
    g_autofree char *endless = g_strnfill(10000, 'a');

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        g_assert_cmpstr(meishi_suggest_word(rows[i].typed, words), ==, rows[i].meant);
    g_assert_null(meishi_suggest_word(endless, words));
}

static void
test_long_words(void)
{
    g_autofree char *endless = g_strnfill(10000, 'a');
    const char *const candidates[] = {endless, "alice", NULL};

    g_assert_cmpstr(meishi_suggest_word("alise", candidates), ==, "alice");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli/suggest/suggest", test_suggest);
    g_test_add_func("/cli/suggest/long-words", test_long_words);
    return g_test_run();
}
