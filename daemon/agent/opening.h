/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiOpening: something locked that a person opens with a secret.  However many programs wait
 * for it, there is one question; it is asked anew after a wrong answer, withdrawn when nobody waits
 * any more or the lock was opened in another way, and not put again for a while after "not now".
 *
 * What is locked stands behind MeishiLockClass: the vault in agent-unlock.c; a token, whose driver
 * is daemon/token's, plugs in here with kind "pin".  For the sake of the latter: a try that the
 * lock calls its last is spent only with the person's word for just that, a lock that takes no more
 * is not asked about, and no secret is tried twice.
 */
#pragma once

#include "daemon/agent/agent.h"
#include "daemon/agent/application.h"
#include "daemon/base/secret.h"

typedef enum {
    MEISHI_LOCK_LOCKED,
    MEISHI_LOCK_OPEN,
    MEISHI_LOCK_GONE, /* a card that was pulled */
} MeishiLockState;

/* How many wrong secrets it takes before it blocks itself, as far as it says. */
typedef enum {
    MEISHI_LOCK_TRIES_ENOUGH,
    MEISHI_LOCK_TRIES_FEW,
    MEISHI_LOCK_TRIES_LAST,
    MEISHI_LOCK_TRIES_NONE, /* blocked */
} MeishiLockTries;

typedef struct {
    MeishiLockState state;
    MeishiLockTries tries;
    const char *token, *reader;   /* labels; borrowed for the turn of the main loop; NULL */
    guint min_length, max_length; /* of the secret, in bytes; 0: does not say */
    gboolean is_pad;              /* the secret is typed at the reader and not given to try() */
    gboolean each_use;            /* opens for one use: programs do not share a question */
} MeishiLockFacts;

typedef struct {
    const char *kind;               /* of its questions: "unlock", "pin" */
    gpointer (*ref)(gpointer lock); /* held while anybody waits */
    void (*unref)(gpointer lock);
    /* As it is at this moment. */
    void (*look)(gpointer lock, MeishiLockFacts *ret_facts);
    /* @secret: NULL where it is typed at the reader; until @cancellable is cancelled, then.
     * WRONG_SECRET where that is all that is wrong. */
    void (*try_async)(gpointer lock, MeishiSecret *secret, GCancellable *cancellable,
                      GAsyncReadyCallback callback, gpointer user_data);
    gboolean (*try_finish)(gpointer lock, GAsyncResult *result, GError **error);
    /* It stays locked; @why is a clause. */
    GError *(*new_refusal)(gpointer lock, const char *why);
} MeishiLockClass;

typedef struct MeishiOpening MeishiOpening;

/* Borrows both; is to live as long as @lock. */
MeishiOpening *meishi_opening_new(MeishiAgent *agent, const MeishiLockClass *class, gpointer lock);
void meishi_opening_free(MeishiOpening *opening); /* NULL is fine */

/* For whom, and with which key they mean to work. */
typedef struct {
    MeishiApplication *application;
    const MeishiIdentity *identity; /* NULL: not known */
} MeishiOpeningCall;

/* TRUE at once where it is open (and not for each use).  new_refusal() where it stays locked:
 * nobody can be asked, or the person does not want to, or does not know it; BUSY; CANCELLED. */
void meishi_opening_ask_async(MeishiOpening *opening, const MeishiOpeningCall *call,
                              GCancellable *cancellable, GAsyncReadyCallback callback,
                              gpointer user_data);
gboolean meishi_opening_ask_finish(GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The lock was opened, or is gone, or is another than it was. */
void meishi_opening_look_again(MeishiOpening *opening);
