/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Setting a token up: a name, a security officer's PIN and a user's.  What was on it is gone then.
 * Asks nobody whether that is meant.  Main loop.
 */
#pragma once

#include "daemon/token/tokens.h"

typedef struct {
    const char *label; /* at most MEISHI_TOKEN_LABEL_SIZE bytes */
    MeishiSecret
        *so_pin;       /* of one that is set up already, the one that it has; NULL: at its keys */
    MeishiSecret *pin; /* the same */
} MeishiTokenInit;

#define MEISHI_TOKEN_LABEL_SIZE 32 /* bytes, PKCS#11 2.40, 5.5 */

/* Sets up the token of @use, which ends with it: it is another token afterwards.  WRONG_SECRET: the
 * security officer's PIN; LOCKED: it is blocked; INVALID_ARGUMENT: no such PIN can be set;
 * UNSUPPORTED: the module does not do that; FAILED: it was set up, and its PIN was not set;
 * UNAVAILABLE, TIMEOUT, CANCELLED. */
void meishi_token_init_async(MeishiTokens *tokens, MeishiTokenUse *use, const MeishiTokenInit *init,
                             GAsyncReadyCallback callback, gpointer user_data);
gboolean meishi_token_init_finish(GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;
