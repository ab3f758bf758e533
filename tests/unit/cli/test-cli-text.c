/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * cli/text.c: what strangers write into certificates, on a terminal.
 */
#include "cli/text.h"

static void
test_clean(void)
{
    const struct {
        const char *dirty, *clean;
    } rows[] = {
        {"Alice", "Alice"},
        {"名刺 é", "名刺 é"},
        {"a\nb\tc", "a\\u000Ab\\u0009c"},
        {"\033[31mred", "\\u001B[31mred"},
        {"\302\233m", "\\u009Bm"},            /* CSI as one C1 character */
        {"a\342\200\256b", "a\\u202Eb"},      /* right-to-left override */
        {"a\342\201\246b", "a\\u2066b"},      /* left-to-right isolate */
        {"a\342\200\250b", "a\\u2028b"},      /* line separator */
        {"a\302\255b", "a\\u00ADb"},          /* soft hyphen: invisible */
        {"a\357\273\277b", "a\\uFEFFb"},      /* byte order mark */
        {"a\342\200\215b", "a\342\200\215b"}, /* zero width joiner stays */
        {"\363\240\201\201", "\\uE0041"},     /* tag character */
        {"\356\200\200", "\\uE000"},          /* private use: drawn as the font likes */
        {"bad\377utf", "bad\357\277\275utf"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *clean = meishi_text_clean(rows[i].dirty);

        g_assert_cmpstr(clean, ==, rows[i].clean);
    }
}

static void
test_width(void)
{
    g_assert_cmpuint(meishi_text_width(""), ==, 0);
    g_assert_cmpuint(meishi_text_width("abc"), ==, 3);
    g_assert_cmpuint(meishi_text_width("é"), ==, 1);
    g_assert_cmpuint(meishi_text_width("e\314\201"), ==, 1);
    g_assert_cmpuint(meishi_text_width("名刺"), ==, 4);
}

/* No label is longer than the line has room for because its marks take none. */
static void
test_ellipsize_marks(void)
{
    g_autoptr(GString) pile = g_string_new("e");
    g_autofree char *cut = NULL;
    g_autofree char *kept = meishi_text_ellipsize("e\314\201\314\202", 3);

    for (guint i = 0; i < 1000; i++)
        g_string_append(pile, "\314\201");
    cut = meishi_text_ellipsize(pile->str, 10);
    g_assert_cmpint(g_utf8_strlen(cut, -1), ==, 41);
    g_assert_true(g_str_has_suffix(cut, "…"));
    g_assert_cmpstr(kept, ==, "e\314\201\314\202");
}

static void
test_ellipsize(void)
{
    const struct {
        const char *text;
        guint width;
        const char *expected;
    } rows[] = {
        {"abcdef", 6, "abcdef"},
        {"abcdef", 5, "abcd…"},
        {"abcdef", 1, "…"},
        {"名刺名刺", 8, "名刺名刺"},
        {"名刺名刺", 7, "名刺名…"},
        {"名刺名刺", 6, "名刺…"},
        {"", 1, ""},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *short_text = meishi_text_ellipsize(rows[i].text, rows[i].width);

        g_assert_cmpstr(short_text, ==, rows[i].expected);
        g_assert_cmpuint(meishi_text_width(short_text), <=, rows[i].width);
    }
}

static void
test_wrap(void)
{
    g_autofree char *wrapped = meishi_text_wrap("one two three four", 9, 2);
    g_autofree char *narrow = meishi_text_wrap("unbreakable word", 4, 0);
    g_autofree char *paragraphs = meishi_text_wrap("one two\n\nthree four", 9, 2);

    g_assert_cmpstr(wrapped, ==, "one two\n  three\n  four");
    g_assert_cmpstr(narrow, ==, "unbreakable\nword");
    g_assert_cmpstr(paragraphs, ==, "one two\n\n  three\n  four");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli/text/clean", test_clean);
    g_test_add_func("/cli/text/width", test_width);
    g_test_add_func("/cli/text/ellipsize", test_ellipsize);
    g_test_add_func("/cli/text/ellipsize/marks", test_ellipsize_marks);
    g_test_add_func("/cli/text/wrap", test_wrap);
    return g_test_run();
}
