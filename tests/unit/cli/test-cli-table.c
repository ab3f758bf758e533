/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * cli/table.c: columns stay in line, whatever stands in them and however narrow the terminal is.
 */
#include "cli/table.h"

#include "cli/text.h"

#include <string.h>

static const MeishiColumn columns[] = {
    {"NAME", 4, 0}, {"WHERE", 0, 0}, {"WHAT", 6, 0}, {NULL, 0, 0}};

static MeishiTable *
sample(void)
{
    MeishiTable *table = meishi_table_new(columns);

    meishi_table_add_row(table);
    meishi_table_add_cell(table, "名刺 Tarō", MEISHI_STYLE_PLAIN);
    meishi_table_add_cell(table, "vault", MEISHI_STYLE_PLAIN);
    meishi_table_add_cell(table, "a rather long text", MEISHI_STYLE_WARN);
    meishi_table_add_row(table);
    meishi_table_add_cell(table, "b\033[2J", MEISHI_STYLE_PLAIN);
    meishi_table_add_cell(table, "", MEISHI_STYLE_PLAIN);
    meishi_table_add_cell(table, "", MEISHI_STYLE_PLAIN);
    return table;
}

static void
test_whole(void)
{
    g_autoptr(MeishiTable) table = sample();
    g_autofree char *text = meishi_table_format(table, 0);

    g_assert_cmpstr(text, ==,
                    "NAME        WHERE  WHAT\n"
                    "名刺 Tarō   vault  a rather long text\n"
                    "b\\u001B[2J\n");
}

static void
test_narrow(void)
{
    g_autoptr(MeishiTable) table = sample();
    g_autofree char *text = meishi_table_format(table, 25);

    g_assert_cmpstr(text, ==,
                    "NAME      WHERE  WHAT\n"
                    "名刺 Ta…  vault  a rathe…\n"
                    "b\\u001B…\n");
}

/* Whatever its width, a column of a higher rank is whole until the others have given what they can.
 */
static void
test_rank(void)
{
    static const MeishiColumn ranked[] = {
        {"LABEL", 4, 2}, {"SUBJECT", 8, 0}, {"BY", 4, 1}, {NULL, 0, 0}};
    g_autoptr(MeishiTable) table = meishi_table_new(ranked);
    g_autofree char *first = NULL;
    g_autofree char *second = NULL;
    g_autofree char *last = NULL;

    meishi_table_add_row(table);
    meishi_table_add_cell(table, "a label of some length", MEISHI_STYLE_PLAIN);
    meishi_table_add_cell(table, "CN=Somebody", MEISHI_STYLE_PLAIN);
    meishi_table_add_cell(table, "Authority", MEISHI_STYLE_PLAIN);
    first = meishi_table_format(table, 43);
    second = meishi_table_format(table, 41);
    last = meishi_table_format(table, 30);
    g_assert_nonnull(strstr(first, "a label of some length  CN=Some…  Authority\n"));
    g_assert_nonnull(strstr(second, "a label of some length  CN=Some…  Author…\n"));
    g_assert_nonnull(strstr(last, "a label of so…  CN=Some…  Aut…\n"));
}

/* No line is longer than the terminal while there is anything left to take away. */
static void
test_every_width(void)
{
    for (guint width = 4 + 2 + 5 + 2 + 6; width < 50; width++) {
        g_autoptr(MeishiTable) table = sample();
        g_autofree char *text = meishi_table_format(table, width);
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

        for (gsize i = 0; lines[i] != NULL; i++)
            g_assert_cmpuint(meishi_text_width(lines[i]), <=, width);
    }
}

/* Columns do not shrink below their minimum: a line that is too long is better than nothing. */
static void
test_too_narrow(void)
{
    g_autoptr(MeishiTable) table = sample();
    g_autofree char *tiny = meishi_table_format(table, 1);
    g_autofree char *least = meishi_table_format(table, 4 + 2 + 5 + 2 + 6);

    g_assert_cmpstr(tiny, ==, least);
}

static void
test_colours(void)
{
    g_autoptr(MeishiTable) table = sample();
    g_autofree char *text = NULL;

    g_assert_true(meishi_style_setup("always"));
    text = meishi_table_format(table, 25);
    g_assert_true(meishi_style_setup("never"));
    g_assert_cmpstr(text, ==,
                    "\033[1mNAME\033[0m      \033[1mWHERE\033[0m  \033[1mWHAT\033[0m\n"
                    "名刺 Ta…  vault  \033[33ma rathe…\033[0m\n"
                    "b\\u001B…\n");
    g_assert_false(meishi_style_setup("sometimes"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli/table/whole", test_whole);
    g_test_add_func("/cli/table/narrow", test_narrow);
    g_test_add_func("/cli/table/rank", test_rank);
    g_test_add_func("/cli/table/every-width", test_every_width);
    g_test_add_func("/cli/table/too-narrow", test_too_narrow);
    g_test_add_func("/cli/table/colours", test_colours);
    return g_test_run();
}
