/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * daemon/prompter/secret-line.c: a secret while it is typed.
 */
#include "daemon/prompter/secret-line.h"

#include <string.h>

static gboolean
append(MeishiSecretLine *line, const char *text)
{
    return meishi_secret_line_append(line, text, strlen(text));
}

static void
assert_taken(MeishiSecretLine *line, const char *expected)
{
    g_autoptr(MeishiSecret) secret = meishi_secret_line_take(line);

    g_assert_cmpmem(meishi_secret_data(secret), meishi_secret_len(secret), expected,
                    strlen(expected));
    g_assert_cmpuint(meishi_secret_line_len(line), ==, 0);
    g_assert_cmpuint(meishi_secret_line_chars(line), ==, 0);
}

static void
test_append(void)
{
    g_autoptr(MeishiSecretLine) line = meishi_secret_line_new();

    g_assert_true(append(line, "a"));
    g_assert_true(append(line, "ä猫"));
    g_assert_cmpuint(meishi_secret_line_len(line), ==, 6);
    g_assert_cmpuint(meishi_secret_line_chars(line), ==, 3);
    assert_taken(line, "aä猫");
    assert_taken(line, "");
}

static void
test_erase(void)
{
    static const char *const left[] = {"aä猫", "aä", "a", "", ""};

    for (guint n = 0; n < G_N_ELEMENTS(left); n++) {
        g_autoptr(MeishiSecretLine) line = meishi_secret_line_new();

        g_assert_true(append(line, "aä猫😀"));
        for (guint i = 0; i <= n; i++)
            meishi_secret_line_erase_last(line);
        g_assert_cmpuint(meishi_secret_line_chars(line), ==, n < 3 ? 3 - n : 0);
        assert_taken(line, left[n]);
    }
}

static void
test_what_is_no_line(void)
{
    static const struct {
        const char *text;
        gsize len;
    } rows[] = {{"\n", 1}, {"a\nb", 3}, {"\t", 1},       {"\x1b", 1}, {"\x7f", 1},
                {"\0", 1}, {"a\0b", 3}, {"\xff\xfe", 2}, {"\xc3", 1}, {"\xc2\x85", 2}};
    g_autoptr(MeishiSecretLine) line = meishi_secret_line_new();

    g_assert_true(append(line, "kept"));
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_assert_false(meishi_secret_line_takes(rows[i].text, rows[i].len));
        g_assert_false(meishi_secret_line_append(line, rows[i].text, rows[i].len));
    }
    assert_taken(line, "kept");
}

static void
test_room(void)
{
    g_autoptr(MeishiSecretLine) line = meishi_secret_line_new();
    g_autofree char *much = g_strnfill(MEISHI_SECRET_LINE_MAX - 1, 'x');
    g_autofree char *most = g_strnfill(MEISHI_SECRET_LINE_MAX, 'y');

    g_assert_true(append(line, much));
    g_assert_false(append(line, "ä"));
    g_assert_true(append(line, "z"));
    g_assert_false(append(line, "z"));
    g_assert_true(append(line, ""));
    meishi_secret_line_clear(line);
    g_assert_true(append(line, most));
    assert_taken(line, most);
}

static void
test_equal(void)
{
    static const struct {
        const char *a, *b;
        gboolean is_equal;
    } rows[] = {{"", "", TRUE},      {"same", "same", TRUE},   {"same", "sane", FALSE},
                {"same", "", FALSE}, {"same", "same2", FALSE}, {"", "x", FALSE}};

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(MeishiSecretLine) a = meishi_secret_line_new();
        g_autoptr(MeishiSecretLine) b = meishi_secret_line_new();

        g_assert_true(append(a, rows[i].a) && append(b, rows[i].b));
        g_assert_cmpint(meishi_secret_line_equal(a, b), ==, rows[i].is_equal);
    }
}

/* What was there before does not count, because it is gone. */
static void
test_equal_after_erasing(void)
{
    g_autoptr(MeishiSecretLine) a = meishi_secret_line_new();
    g_autoptr(MeishiSecretLine) b = meishi_secret_line_new();

    g_assert_true(append(a, "samex") && append(b, "other"));
    meishi_secret_line_erase_last(a);
    meishi_secret_line_clear(b);
    g_assert_true(append(b, "same"));
    g_assert_true(meishi_secret_line_equal(a, b));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/prompter/secret-line/append", test_append);
    g_test_add_func("/prompter/secret-line/erase", test_erase);
    g_test_add_func("/prompter/secret-line/what-is-no-line", test_what_is_no_line);
    g_test_add_func("/prompter/secret-line/room", test_room);
    g_test_add_func("/prompter/secret-line/equal", test_equal);
    g_test_add_func("/prompter/secret-line/equal-after-erasing", test_equal_after_erasing);
    return g_test_run();
}
