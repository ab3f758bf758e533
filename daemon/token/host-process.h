/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One meishi-tokenhost: started, listened to, ended.  What is asked of it is host.c's business.
 */
#pragma once

#include <gio/gio.h>

#include "daemon/token/output.h"

typedef struct MeishiHostProcess MeishiHostProcess;

typedef struct {
    const char *program; /* meishi-tokenhost */
    const char *module;  /* absolute */
    gboolean network;    /* it may talk to other machines */
    /* A packet or the end is there to be read from the socket.  FALSE: enough. */
    gboolean (*readable)(gpointer user_data);
    /* It ended; @how is a clause: "was ended by signal 11".  The last call. */
    void (*ended)(const char *how, gpointer user_data);
    MeishiOutputLine said;
    gpointer user_data;
} MeishiHostProcessOptions;

/* Calls back on the thread-default main context.  UNAVAILABLE, FAILED. */
MeishiHostProcess *meishi_host_process_new(const MeishiHostProcessOptions *options,
                                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Closes the socket, upon which the host leaves its token in order and ends by itself, and calls
 * back no more. */
void meishi_host_process_free(MeishiHostProcess *process); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiHostProcess, meishi_host_process_free)

int meishi_host_process_socket(const MeishiHostProcess *process);

/* At once, whatever it is doing; "ended" follows. */
void meishi_host_process_kill(MeishiHostProcess *process);
