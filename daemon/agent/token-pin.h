/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the person does about the PIN of a token, as against being asked for it (agent-token-use.c):
 * gives it another one, says for how long it holds, and takes back that it was given.  Tokens are
 * named by their label, as MeishiTokenView has it in place->slot_label.  Main loop.
 */
#pragma once

#include "daemon/agent/agent.h"
#include "daemon/policy/pin-keep.h"

typedef struct {
    const char *token;
    MeishiSecret *by;         /* the old PIN, or the PUK; NULL: at the token's own keys */
    MeishiSecret *pin;        /* the new one; the same */
    gboolean is_unblocking;   /* @by is the PUK */
    gboolean spends_last_try; /* the person agrees to that */
} MeishiPinChange;

/* Sets the PIN.  NOT_FOUND: no such token is there; INVALID_ARGUMENT: it takes no such PIN, or its
 * own keys are to be used, or are not there; WRONG_SECRET; LOCKED: the PIN is blocked, or the PUK;
 * DENIED: one try is left and the person did not agree to spend it; UNSUPPORTED: the token or its
 * module does not do that; UNAVAILABLE, TIMEOUT, CANCELLED (at the token's keys), FAILED. */
void meishi_agent_change_pin_async(MeishiAgent *agent, const MeishiPinChange *change,
                                   GAsyncReadyCallback callback, gpointer user_data);
gboolean meishi_agent_change_pin_finish(MeishiAgent *agent, GAsyncResult *result,
                                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Gives the PIN (@pin NULL: at the token's own keys), as if it had been asked for: before the first
 * handshake, or because what is on the token shows only then.  Where it was given already, nothing
 * is tried.  Errors as above. */
typedef struct {
    const char *token;
    MeishiSecret *pin;
    gboolean spends_last_try;
} MeishiPinGift;
void meishi_agent_give_pin_async(MeishiAgent *agent, const MeishiPinGift *gift,
                                 GAsyncReadyCallback callback, gpointer user_data);
gboolean meishi_agent_give_pin_finish(MeishiAgent *agent, GAsyncResult *result,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Ends the login of @token, when what is under way there is done; also where there was none.
 * NOT_FOUND. */
gboolean meishi_agent_close_token(MeishiAgent *agent, const char *token,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* For how long the PIN of @token holds once it was given, from now on and each time that the token
 * is put in.  NOT_FOUND; DENIED: policy does not allow as much; the store's errors. */
gboolean meishi_agent_set_pin_keep(MeishiAgent *agent, const char *token, const MeishiPinKeep *keep,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Ends the logins of all tokens.  What is stored opens none until the person has given a PIN or
 * unlocked the vault. */
void meishi_agent_close_tokens(MeishiAgent *agent);
