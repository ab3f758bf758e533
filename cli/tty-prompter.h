/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiTtyPrompter: answers the daemon's questions on the terminal (/dev/tty, never standard
 * output), while the main loop runs.
 */
#pragma once

#include <gio/gio.h>

typedef struct MeishiTtyPrompter MeishiTtyPrompter;

typedef struct {
    gboolean plain;       /* one line for each thing, for screen readers */
    const char *pinentry; /* the program that asks for secrets and leave; NULL: we do */
} MeishiTtyPrompterOptions;

/* Registers with the daemon at the other end of @connection.  One at a time in a process.  NULL
 * without an error where there is no terminal. */
MeishiTtyPrompter *
meishi_tty_prompter_new(GDBusConnection *connection, const MeishiTtyPrompterOptions *options,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Questions that are open are dismissed, and the terminal is as it was. */
void meishi_tty_prompter_free(MeishiTtyPrompter *prompter); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiTtyPrompter, meishi_tty_prompter_free)

/* Ctrl-C: the question that is shown is answered "not now".  FALSE where none is. */
gboolean meishi_tty_prompter_interrupt(MeishiTtyPrompter *prompter);
