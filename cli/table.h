/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Aligned columns.
 */
#pragma once

#include "cli/style.h"

typedef struct MeishiTable MeishiTable;

typedef struct {
    const char *title;
    guint min_width; /* narrow the column down to this where the line is too long; 0: never */
    guint rank;      /* after all of a lower rank */
} MeishiColumn;

/* @columns ends with a NULL title and has to outlive the table. */
MeishiTable *meishi_table_new(const MeishiColumn *columns);
void meishi_table_free(MeishiTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiTable, meishi_table_free)

/* Begins a row; then one cell for each column.  @text is cleaned and copied. */
void meishi_table_add_row(MeishiTable *table);
void meishi_table_add_cell(MeishiTable *table, const char *text, MeishiStyle style);

/* The whole as text for lines of @width columns (0: as long as it takes); new. */
char *meishi_table_format(MeishiTable *table, guint width);

/* The columns of the terminal on standard output; 0 where it is none. */
guint meishi_table_terminal_width(void);

/* To standard output, as wide as the terminal. */
void meishi_table_print(MeishiTable *table);

/* ---- one thing, a line for each fact */

#define MEISHI_TABLE_NAME_WIDTH 14

/* "  Name          value" to standard output; nothing where @value is empty. */
void meishi_table_print_fact(const char *name, const char *value);
