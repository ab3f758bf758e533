/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiTtyLines: lines that are typed on a terminal as it is, while the main loop runs.
 */
#pragma once

#include <glib.h>

typedef struct MeishiTtyLines MeishiTtyLines;

/* @line: without its newline; NULL at the end of input.  May free the MeishiTtyLines; what was
 * typed behind that line is dropped then. */
typedef void (*MeishiTtyLinesFunc)(const char *line, gpointer user_data);

/* What was typed before is dropped. */
MeishiTtyLines *meishi_tty_lines_new(int fd, MeishiTtyLinesFunc func, gpointer user_data);
void meishi_tty_lines_free(MeishiTtyLines *lines); /* NULL is fine */
