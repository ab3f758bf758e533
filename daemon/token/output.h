/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a foreign module prints, line by line, for the log.
 *
 * The lines are untrusted: they come out as text of bounded length without control characters, and
 * only so many in a minute.  Everything is read all the same, so that a module that prints much
 * does not stand still.
 */
#pragma once

#include <glib.h>

#define MEISHI_OUTPUT_MAX_LINE  256 /* bytes; the rest of a line is dropped */
#define MEISHI_OUTPUT_MAX_LINES 20  /* in a minute; what is above is counted */

typedef struct MeishiOutput MeishiOutput;
typedef void (*MeishiOutputLine)(const char *line, gpointer user_data);

/* Takes over @fd, the reading end of a pipe; reads it on the thread-default main context. */
MeishiOutput *meishi_output_new(int fd, MeishiOutputLine line, gpointer user_data);

/* Says what is still in the pipe. */
void meishi_output_free(MeishiOutput *output); /* NULL is fine */
