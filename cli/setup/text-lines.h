/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Configuration files as lines, for changing a few of them and leaving every other byte alone.
 */
#pragma once

#include <glib.h>

/* One line: its bytes without the line break, and where the next one begins. */
typedef struct {
    const char *start;
    gsize len;
    const char *next;
} MeishiTextLine;

/* The line at @text; FALSE at the end. */
gboolean meishi_text_line_read(const char *text, MeishiTextLine *ret_line);

/* What stands in the line behind "@key=" (blanks around the sign allowed); new, or NULL where the
 * line is about something else.  @sign: '=' or ':'. */
char *meishi_text_line_value(const MeishiTextLine *line, const char *key, char sign);

/* Appends a line break to @text unless it ends with one or is empty. */
void meishi_text_end_line(GString *text);

/* Whether @path is a module of ours, of whichever installation: by its name. */
gboolean meishi_text_is_our_module(const char *path);
