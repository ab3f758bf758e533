/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Lays out a table: every column as wide as its widest cell; where that is too much for the line,
 * the columns that may shrink give way, by rank, then the widest first.  Nothing is cut where
 * output is not a terminal: a program or a file gets it all.
 */
#include "cli/table.h"

#include "cli/text.h"

#include <sys/ioctl.h>
#include <unistd.h>

#define GAP 2

typedef struct {
    char *text;
    MeishiStyle style;
} Cell;

struct MeishiTable {
    const MeishiColumn *columns;
    guint n_columns;
    GPtrArray *rows; /* GPtrArray of Cell */
};

static void
free_cell(Cell *cell)
{
    g_free(cell->text);
    g_free(cell);
}

MeishiTable *
meishi_table_new(const MeishiColumn *columns)
{
    MeishiTable *table = g_new0(MeishiTable, 1);

    table->columns = columns;
    while (columns[table->n_columns].title != NULL)
        table->n_columns++;
    table->rows = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
    meishi_table_add_row(table);
    for (guint i = 0; i < table->n_columns; i++)
        meishi_table_add_cell(table, columns[i].title, MEISHI_STYLE_STRONG);
    return table;
}

void
meishi_table_free(MeishiTable *table)
{
    g_ptr_array_unref(table->rows);
    g_free(table);
}

void
meishi_table_add_row(MeishiTable *table)
{
    g_ptr_array_add(table->rows, g_ptr_array_new_with_free_func((GDestroyNotify)free_cell));
}

void
meishi_table_add_cell(MeishiTable *table, const char *text, MeishiStyle style)
{
    GPtrArray *row = table->rows->pdata[table->rows->len - 1];
    Cell *cell = g_new0(Cell, 1);

    g_return_if_fail(row->len < table->n_columns);
    cell->text = meishi_text_clean(text);
    cell->style = style;
    g_ptr_array_add(row, cell);
}

static guint *
natural_widths(MeishiTable *table)
{
    guint *widths = g_new0(guint, table->n_columns);

    for (guint r = 0; r < table->rows->len; r++) {
        GPtrArray *row = table->rows->pdata[r];

        for (guint c = 0; c < row->len; c++) {
            const Cell *cell = row->pdata[c];

            widths[c] = MAX(widths[c], meishi_text_width(cell->text));
        }
    }
    return widths;
}

/* Does @column give way before @other? */
static gboolean
goes_first(const MeishiTable *table, const guint *widths, guint column, guint other)
{
    guint rank = table->columns[column].rank;
    guint other_rank = table->columns[other].rank;

    return rank != other_rank ? rank < other_rank : widths[column] > widths[other];
}

/* The column that gives way next; n_columns where none can. */
static guint
find_next(const MeishiTable *table, const guint *widths)
{
    guint next = table->n_columns;

    for (guint c = 0; c < table->n_columns; c++) {
        if (table->columns[c].min_width == 0 || widths[c] <= table->columns[c].min_width)
            continue;
        if (next == table->n_columns || goes_first(table, widths, c, next))
            next = c;
    }
    return next;
}

static void
fit(const MeishiTable *table, guint *widths, guint width)
{
    guint total = GAP * (table->n_columns - 1);

    for (guint c = 0; c < table->n_columns; c++)
        total += widths[c];
    while (total > width) {
        guint next = find_next(table, widths);

        if (next == table->n_columns)
            return;
        widths[next]--;
        total--;
    }
}

/* The last cell of a row is not padded: lines end where their text does. */
static void
append_row(GString *out, GPtrArray *row, const guint *widths)
{
    for (guint c = 0; c < row->len; c++) {
        const Cell *cell = row->pdata[c];
        g_autofree char *text = meishi_text_ellipsize(cell->text, MAX(widths[c], 1));
        guint padding = widths[c] - MIN(meishi_text_width(text), widths[c]) + GAP;

        g_string_append_printf(out, "%s%s%s", meishi_style_on(cell->style, STDOUT_FILENO), text,
                               meishi_style_off(cell->style, STDOUT_FILENO));
        if (c + 1 < row->len)
            g_string_append_printf(out, "%*s", (int)padding, "");
    }
    while (out->len > 0 && out->str[out->len - 1] == ' ')
        g_string_truncate(out, out->len - 1);
    g_string_append_c(out, '\n');
}

char *
meishi_table_format(MeishiTable *table, guint width)
{
    g_autofree guint *widths = natural_widths(table);
    GString *out = g_string_new(NULL);

    if (width > 0)
        fit(table, widths, width);
    for (guint r = 0; r < table->rows->len; r++)
        append_row(out, table->rows->pdata[r], widths);
    return g_string_free(out, FALSE);
}

guint
meishi_table_terminal_width(void)
{
    struct winsize size = {0};

    if (!isatty(STDOUT_FILENO))
        return 0;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return 80;
    return size.ws_col;
}

void
meishi_table_print(MeishiTable *table)
{
    g_autofree char *text = meishi_table_format(table, meishi_table_terminal_width());

    g_print("%s", text);
}

/* ---- facts ----------------------------------------------------------------------------------- */

void
meishi_table_print_fact(const char *name, const char *value)
{
    g_autofree char *clean = meishi_text_clean(value);

    if (value[0] == '\0')
        return;
    g_print("  %s%-*s%s%s\n", meishi_style_on(MEISHI_STYLE_FAINT, STDOUT_FILENO),
            MEISHI_TABLE_NAME_WIDTH, name, meishi_style_off(MEISHI_STYLE_FAINT, STDOUT_FILENO),
            clean);
}
