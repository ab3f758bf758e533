/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Waiting for the daemon while it may ask the person on this very terminal.
 */
#pragma once

#include "cli/tty-prompter.h"

typedef struct {
    GMainLoop *loop;             /* to be quit by whoever has what it waits for */
    MeishiTtyPrompter *prompter; /* NULL: no terminal, or nobody is to be asked */
    int signal;                  /* that ended the waiting; 0 */
} MeishiAnswering;

/* With @may_ask answers the daemon's questions where there is a terminal; without one there is
 * nothing to ask with, and that is no error. */
gboolean meishi_answering_begin(MeishiAnswering *ret, GDBusConnection *connection, gboolean may_ask,
                                gboolean plain, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Until the loop is quit or a signal comes that ends us; Ctrl-C at a question is "not now". */
void meishi_answering_run(MeishiAnswering *answering);

/* The terminal is as it was; a signal that came has its way. */
void meishi_answering_end(MeishiAnswering *answering);
