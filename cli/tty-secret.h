/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiTtySecret: one line that is typed on a terminal without echo, while the main loop runs.
 * (prompt.h asks for one and waits.)  What is typed is never anywhere but in locked memory.
 */
#pragma once

#include "daemon/base/secret.h"

typedef struct MeishiTtySecret MeishiTtySecret;

/* @secret: what was typed, to be kept by a reference; NULL at an empty line or the end of input.
 * Called once; may free the MeishiTtySecret. */
typedef void (*MeishiTtySecretDone)(MeishiSecret *secret, gpointer user_data);

/* What was typed before is dropped.  Ctrl-Z and Ctrl-\ do nothing meanwhile; other signals that end
 * the process have to be caught, so that the terminal is put right.  NULL where the echo cannot be
 * switched off. */
MeishiTtySecret *meishi_tty_secret_new(int fd, MeishiTtySecretDone done, gpointer user_data);

/* The terminal is as it was.  NULL is fine. */
void meishi_tty_secret_free(MeishiTtySecret *secret);
