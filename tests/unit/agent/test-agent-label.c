/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Labels: which a person may choose, and what is made of those that certificates bring.
 */
#include "daemon/agent/label.h"

#include "daemon/base/error.h"

#include <string.h>

static void
test_check(void)
{
    static const struct {
        const char *label;
        gboolean good;
    } rows[] = {
        {"Alice", TRUE},
        {"名刺 – 🔑", TRUE},
        {"می\u200cخواهم", TRUE},
        {" padded ", TRUE},
        {"a;b=c%00/..", TRUE},
        {"", FALSE},
        {"   ", FALSE},
        {"two\nlines", FALSE},
        {"\033[2J", FALSE},
        {"\u202e"
         "gpj",
         FALSE},
        {"\u2028", FALSE},
        {"\xff\xfe", FALSE},
        {"\xc2\x85", FALSE},
        {"bell\a", FALSE},
    };
    g_autofree char *longest = g_strnfill(255, 'x');
    g_autofree char *too_long = g_strnfill(256, 'x');

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_cmpint(meishi_label_check(rows[i].label, &error), ==, rows[i].good);
        if (!rows[i].good)
            g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT);
    }
    g_assert_true(meishi_label_check(longest, NULL));
    g_assert_false(meishi_label_check(too_long, NULL));
    g_assert_false(meishi_label_check(NULL, NULL));
}

static void
test_unique(void)
{
    static const struct {
        const char *wish, *label;
    } rows[] = {
        {"Alice", "Alice"},     {"Alice", "Alice (2)"},
        {"Alice", "Alice (3)"}, {"Alice (2)", "Alice (2) (2)"},
        {" a\n\033b ", "ab"},   {"\xff", "\xef\xbf\xbd"},
        {"", "unnamed"},        {"\n", "unnamed (2)"},
    };
    g_autoptr(GHashTable) taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        char *label = meishi_label_unique(rows[i].wish, taken);

        g_assert_cmpstr(label, ==, rows[i].label);
        g_assert_true(meishi_label_check(label, NULL));
        g_assert_true(g_hash_table_add(taken, label));
    }
}

/* Cut between characters, with room for the number. */
static void
test_long(void)
{
    g_autoptr(GHashTable) taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GString) wish = g_string_new(NULL);

    for (guint i = 0; i < 200; i++)
        g_string_append(wish, "名");
    for (guint i = 0; i < 12; i++) {
        char *label = meishi_label_unique(wish->str, taken);

        g_assert_true(meishi_label_check(label, NULL));
        g_assert_true(g_hash_table_add(taken, label));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/agent/label/check", test_check);
    g_test_add_func("/agent/label/unique", test_unique);
    g_test_add_func("/agent/label/long", test_long);
    return g_test_run();
}
