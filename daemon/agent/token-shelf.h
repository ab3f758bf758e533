/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The tokens that are there, and those that were, as the agent sees them: which identity lies on
 * which, under a number that follows from its certificate.  For the agent-token*.c files.
 */
#pragma once

#include "daemon/agent/agent-private.h"
#include "daemon/agent/opening.h"
#include "daemon/token/tokens.h"

/* What becomes of a PIN that was given (token-keep.c). */
typedef struct MeishiTokenKeep MeishiTokenKeep;

/* A token, and who may have to be asked for its PIN. */
typedef struct {
    gint refs;
    MeishiAgent *agent; /* borrowed; NULL: the agent is gone */
    MeishiTokenUse *use;
    MeishiTokenPlace *place;
    MeishiKnownToken *known; /* the book's; NULL: the token is gone */
    MeishiOpening *opening;  /* NULL: nobody wanted it yet */
    MeishiTokenKeep *keep;   /* NULL: nothing was given yet */
    GHashTable *barren;      /* GBytes: certificates whose key was looked for here in vain; NULL */
} MeishiTokenLock;

MeishiTokenLock *meishi_token_lock_ref(MeishiTokenLock *lock);
void meishi_token_lock_unref(MeishiTokenLock *lock); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiTokenLock, meishi_token_lock_unref)

/* Where an identity lies. */
typedef struct {
    gint64 row;
    MeishiTokenIdentity *identity;
    MeishiTokenPlace *place;
    MeishiTokenLock *lock; /* NULL: its token is away */
} MeishiTokenEntry;

/* ---- token-entry.c: where to use a key that may lie in several places */

/* Takes over @identity; @lock NULL: the token is away. */
MeishiTokenEntry *meishi_token_entry_new(MeishiTokenIdentity *identity, MeishiTokenPlace *place,
                                         MeishiTokenLock *lock);
void meishi_token_entry_free(gpointer entry);

/* The same certificate (@identity, taken over) is at @lock, too: the better place is taken. */
void meishi_token_entry_offer(MeishiTokenEntry *entry, MeishiTokenIdentity *identity,
                              MeishiTokenLock *lock);

/* The key of @cert is not at @lock, as turned out: any other place is better from now on. */
void meishi_token_lock_note_barren(MeishiTokenLock *lock, const MeishiCert *cert);

struct MeishiTokenShelf {
    MeishiAgent *agent;
    MeishiTokens *tokens;
    GPtrArray *locks;            /* MeishiTokenLock, of the tokens that are there */
    GPtrArray *entries;          /* MeishiTokenEntry */
    GPtrArray *issuers;          /* MeishiCert */
    GPtrArray *rows;             /* MeishiRosterOnToken, of the last reading */
    char *seats[MEISHI_N_SEATS]; /* what was in each last: label, model, serial number; NULL */
    GHashTable *away;            /* number -> MeishiTokenPlace: of the tokens that are away */
    guint64 last_insertion;
    GHashTable *parsed;  /* GBytes -> MeishiCert: what was read from tokens */
    gboolean was_closed; /* by the person: what is stored does not open a token */
};

/* Where the key of @cert is used; NULL: no token that is there has it. */
const MeishiTokenEntry *
meishi_token_shelf_find(const MeishiTokenShelf *shelf, const MeishiCert *cert);

/* ---- token-seat.c: which of our slots shows a token, and what it is called there */

/* @before: the same token as another process of its module found it; NULL: it was put in now. */
MeishiTokenPlace *
meishi_token_seat_take(MeishiTokenShelf *shelf, const MeishiTokenContent *token,
                       const MeishiKnownToken *known, const MeishiTokenPlace *before);
/* That of a token that is away, borrowed: the same as long as its name is not needed. */
MeishiTokenPlace *
meishi_token_seat_remember(MeishiTokenShelf *shelf, const MeishiKnownToken *known);

/* What kind of thing it is, as far as one can tell. */
MeishiTokenKind meishi_token_seat_guess_kind(const MeishiTokenContent *token);

/* ---- agent-tokens.c */

/* A key was not where it was looked for. */
void meishi_token_shelf_look_elsewhere(MeishiTokenShelf *shelf);

/* Has @job done in one of the ways of @away, which are borrowed. */
void meishi_token_job_set_ways(MeishiTokenJob *job, const MeishiAway *away);

/* ---- token-lock.c */

/* Of the token that is shown as @label (place->slot_label); borrowed.  NOT_FOUND: it is not there.
 */
MeishiTokenLock *meishi_token_lock_find(const MeishiAgent *agent, const char *label,
                                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The facts that a question for the PIN is made of. */
void meishi_token_lock_look(const MeishiTokenLock *lock, MeishiLockFacts *ret_facts);

/* "It stays locked"; @why is a clause. */
GError *meishi_token_lock_refusal(const MeishiTokenLock *lock, const char *why);

/* Adds to LOCKED, which the token or its module said, what the person can do then. */
void meishi_token_lock_explain(const MeishiTokenLock *lock, GError **error);

/* Tries @pin (NULL: at its own keys), which a person gave; what becomes of it is token-keep.h. */
void
meishi_token_lock_try_async(MeishiTokenLock *lock, MeishiSecret *pin, GCancellable *cancellable,
                            GAsyncReadyCallback callback, gpointer user_data);
gboolean meishi_token_lock_try_finish(MeishiTokenLock *lock, GAsyncResult *result,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The asking for its PIN; the token's login is the answer.  Only while the agent is there. */
MeishiOpening *meishi_token_lock_opening(MeishiTokenLock *lock);

/* Has the token logged in: with the PIN that is stored, where that may be, or by the person.  Ends
 * as meishi_opening_ask_async() does.  Only while the agent is there. */
void meishi_token_lock_open_async(MeishiTokenLock *lock, const MeishiOpeningCall *call,
                                  GCancellable *cancellable, GAsyncReadyCallback callback,
                                  gpointer user_data);
gboolean
meishi_token_lock_open_finish(GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;
