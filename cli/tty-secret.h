/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiTtySecret: one line that is typed on a terminal without echo, while the main loop runs.
 * (prompt.h asks for one and waits.)  What is typed is never anywhere but in locked memory.
 */
#pragma once

#include "daemon/base/secret.h"

typedef struct MeishiTtySecret MeishiTtySecret;

typedef struct {
    /* A key came: somebody is there. */
    void (*typed)(gpointer user_data);
    /* @secret: what was typed, to be kept by a reference; NULL at an empty line, the end of input,
     * or where it is too long.  Called once; may free the MeishiTtySecret. */
    void (*done)(MeishiSecret *secret, gpointer user_data);
} MeishiTtySecretClass;

/* What was typed before is dropped.  Ctrl-\ does nothing meanwhile; other signals that end or stop
 * the process have to be caught, so that the terminal is put right.  NULL where the echo cannot be
 * switched off. */
MeishiTtySecret *
meishi_tty_secret_new(int fd, const MeishiTtySecretClass *class, gpointer user_data);

/* The terminal is as it was.  NULL is fine. */
void meishi_tty_secret_free(MeishiTtySecret *secret);
