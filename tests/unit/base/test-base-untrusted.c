/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * daemon/base/untrusted.c: strangers' texts.
 */
#include "daemon/base/untrusted.h"

#include <string.h>

typedef struct {
    const char *name, *text, *line;
} Case;

static const Case cases[] = {
    {"plain", "Hana Sato", "Hana Sato"},
    {"japanese", "佐藤 花", "佐藤 花"},
    {"empty", "", ""},
    {"newline", "Bank\nServer verified", "Bank�Server verified"},
    {"tab", "a\tb", "a�b"},
    {"escape", "a\033[31mb", "a�[31mb"},
    {"c1",
     "a\xc2\x9b"
     "b",
     "a�b"},
    {"override", "a\u202eb", "a�b"},
    {"isolate", "a\u2066b\u2069c", "a�b�c"},
    {"mark", "a\u200fb", "a�b"},
    {"zero-width", "a\u200bb", "a�b"},
    {"line-separator", "a\u2028b", "a�b"},
    {"private-use", "a\ue000b", "a�b"},
    {"joiners", "\u0646\u200c\u0627 \U0001f468\u200d\U0001f4bb",
     "\u0646\u200c\u0627 \U0001f468\u200d\U0001f4bb"},
    {"bytes",
     "a\xff"
     "b",
     "a\xef\xbf\xbd"
     "b"},
};

static void
test_line(gconstpointer data)
{
    const Case *one = data;
    g_autofree char *line = meishi_untrusted_line(one->text);

    g_assert_cmpstr(line, ==, one->line);
}

static void
test_length(void)
{
    g_autofree char *long_text = g_strnfill(5000, 'x');
    g_autofree char *line = meishi_untrusted_line(long_text);
    g_autofree char *full = meishi_untrusted_full(long_text);
    g_autofree char *whole = g_strnfill(80, 'x');
    g_autofree char *same = meishi_untrusted_line(whole);

    g_assert_cmpint(g_utf8_strlen(line, -1), ==, 81);
    g_assert_true(g_str_has_suffix(line, "x…"));
    g_assert_cmpint(g_utf8_strlen(full, -1), ==, 4097);
    g_assert_cmpstr(same, ==, whole);
}

/* The end of a host says whose it is, so that stays. */
static void
test_host(void)
{
    g_autofree char *labels = g_strnfill(200, 'a');
    g_autofree char *name = g_strconcat(labels, ".evil\n.example", NULL);
    g_autofree char *long_host = meishi_untrusted_host(name);
    g_autofree char *short_host = meishi_untrusted_host("git.example.com");

    g_assert_cmpint(g_utf8_strlen(long_host, -1), ==, 74);
    g_assert_true(g_str_has_prefix(long_host, "…aaa"));
    g_assert_true(g_str_has_suffix(long_host, "a.evil\xef\xbf\xbd.example"));
    g_assert_cmpstr(short_host, ==, "git.example.com");
}

/* A stranger cannot close the isolation from inside. */
static void
test_isolation(void)
{
    g_autofree char *isolated = meishi_untrusted_isolated("a\u2069b");
    g_autofree char *spoken = meishi_untrusted_spoken(isolated);
    g_autofree char *empty = meishi_untrusted_isolated("");

    g_assert_cmpstr(isolated, ==, "\u2068a�b\u2069");
    g_assert_cmpstr(spoken, ==, "a�b");
    g_assert_cmpstr(empty, ==, "");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/base/untrusted/line/", cases[i].name, NULL);

        g_test_add_data_func(path, &cases[i], test_line);
    }
    g_test_add_func("/base/untrusted/length", test_length);
    g_test_add_func("/base/untrusted/host", test_host);
    g_test_add_func("/base/untrusted/isolation", test_isolation);
    return g_test_run();
}
