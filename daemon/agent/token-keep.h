/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What becomes of a PIN that was given: for how long the token stays open (token-keep.c), and
 * whether the PIN is stored in the Secret Service (token-stored.c).  For the agent-token*.c and
 * token-*.c files.
 *
 * A PIN is never kept in memory: what is kept is the login, in the token's host.
 */
#pragma once

#include "daemon/agent/token-shelf.h"
#include "daemon/policy/pin-keep.h"

struct MeishiTokenKeep {
    GSource *timer;          /* the end of the login; NULL */
    gboolean may_be_in_line; /* who waited for the PIN, when that comes */
    GPtrArray *waiting;      /* GTask: who waits for what is stored to be tried; NULL: it is not */
    gboolean has_failed;     /* what is stored is not right */
    gboolean was_cleared;    /* it may not be stored any more */
};

/* ---- token-keep.c */

/* Makes it where there is none yet. */
MeishiTokenKeep *meishi_token_keep_of(MeishiTokenLock *lock);
void meishi_token_keep_free(MeishiTokenKeep *keep); /* NULL is fine */

/* What the person wants for @known as far as policy allows. */
MeishiPinKeep meishi_token_keep_in_force(MeishiAgent *agent, const MeishiKnownToken *known);

/* The person has opened it; @pin as meishi_token_use_taken_pin() has it. */
void meishi_token_keep_note_opened(MeishiTokenLock *lock, MeishiSecret *pin);

/* The token is open from now on. */
void meishi_token_keep_note_login(MeishiTokenLock *lock);

/* Somebody who used it is done. */
void meishi_token_keep_note_use(MeishiTokenLock *lock);

/* The token has come, or policy or the person's wish have changed. */
void meishi_token_keep_review(MeishiTokenLock *lock);

/* The token is about to be forgotten, and so is what is stored for it. */
void meishi_token_keep_forget(MeishiAgent *agent, const MeishiKnownToken *known);

/* Policy has changed: of all that are there. */
void meishi_token_keep_review_all(MeishiTokenShelf *shelf);

/* Tests: how long a minute is. */
void meishi_token_keep_set_pace(guint minute_ms);

/* ---- token-stored.c */

/* TRUE where the token is open now; FALSE at once where nothing may be stored. */
void meishi_token_stored_try_async(MeishiTokenLock *lock, GAsyncReadyCallback callback,
                                   gpointer user_data);
gboolean meishi_token_stored_try_finish(GAsyncResult *result) G_GNUC_WARN_UNUSED_RESULT;

/* Stores @pin, or forgets what is stored; trouble is told by token-trouble. */
void meishi_token_stored_keep(MeishiTokenLock *lock, MeishiSecret *pin);
void meishi_token_stored_forget(MeishiAgent *agent, const MeishiKnownToken *known);
