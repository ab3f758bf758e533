/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiTokenUse from inside: for token-use.c (life, turns, login), token-use-operate.c,
 * token-use-pin.c and token-use-write.c.
 */
#pragma once

#include "daemon/token/token-use.h"
#include "daemon/token/turns.h"

struct MeishiTokenUse {
    gint refs;
    MeishiModuleWatch *watch; /* NULL: the token is lost */
    MeishiTokenContent *token;
    MeishiTurns *turns; /* GTask */
    GTask *current;
    gboolean is_logged_in;
    gboolean wants_logout, wants_logout_first;
    MeishiPinTries refuted_tries; /* that it told before the login, and may go on telling */
    GPtrArray *private_objects;   /* MeishiTokenObject, as seen by who is logged in; NULL */
    GHashTable *proven;           /* SHA-256 of a certificate (hex) -> handle of its key */
    GHashTable *shunned;          /* guint64: mechanisms that it lists and does not do */
};

/* What a task is about. */
typedef struct {
    MeishiTokenUse *use;
    void (*begin)(GTask *task); /* when it has its turn */
    MeishiSecret *pin;          /* NULL: none, or at the token's own keys */
    gboolean was_open;          /* so that @pin was not tried */
    MeishiPinTries known_tries; /* when it was given */
    /* Another PIN. */
    MeishiSecret *new_pin;
    gboolean is_unblocking; /* @pin is the PUK */
    /* Writing. */
    MeishiSecret *template;
    guint64 object;
    /* An operation. */
    MeishiTokenJob job;
    MeishiTokenIdentity identity;
    GBytes *bytes;   /* what @job's ways point to */
    GPtrArray *keys; /* MeishiTokenObject that may be the one */
    GPtrArray *keys_owner;
    guint next_key;
    const MeishiTokenWay *way; /* of @job, that is tried now; NULL: the token has none */
    guint tried_ways;          /* bits */
    GError *refusal;           /* why the first was none */
    guint n_busy;              /* how often it has waited for a session */
    gboolean is_at_reader;     /* where a person has to type */
    GCancellable *cancellable; /* NULL: none */
    gulong cancelled_id;
    GError *error;       /* to end with when the token was looked at */
    gboolean was_listed; /* the objects were listed anew for this one */
    gboolean had_key;    /* by a handle that is none any more */
} MeishiTokenWork;

/* The token took a PIN of its user's. */
void meishi_token_use_note_login(MeishiTokenUse *use);

/* What was seen and may be done by being logged in is over. */
void meishi_token_use_forget_login(MeishiTokenUse *use);

/* A task in line, from the main loop; @who takes turns with others. */
MeishiTokenWork *meishi_token_work_new(MeishiTokenUse *use, void (*begin)(GTask *task));
void meishi_token_work_enqueue(MeishiTokenWork *work, gconstpointer who, GTask *task);

/* Ends the task that is at work, and goes on with the next; exactly one of @result and @error is
 * given, and taken over. */
void meishi_token_work_finish(GTask *task, MeishiSecret *result, GError *error);

/* The same with what the module says of a call; @what is what was tried: "sign". */
void meishi_token_work_finish_status(GTask *task, guint64 status, const char *what);

/* Asks @request, about the token, for the task. */
void meishi_token_work_call(GTask *task, MeishiHostRequest *request, guint deadline_ms,
                            GAsyncReadyCallback callback);

/* The answer; NULL where the call failed or the token is lost meanwhile, and the task is finished.
 */
MeishiHostAnswer *meishi_token_work_take_answer(GTask *task, GAsyncResult *result);

/* The same for a PIN that was wrong: looks first how many tries the token says are left, since
 * whoever is told will ask the person again. */
void meishi_token_work_finish_wrong_pin(GTask *task, guint64 status);
/* The same with an error of one's own, which is taken over; NULL: it went well. */
void meishi_token_work_finish_after_look(GTask *task, GError *error);

/* Ends a login with a look at what it shows, on a token that shows no certificate without one. */
void meishi_token_work_reveal(GTask *task);

/* Begins an operation. */
void meishi_token_work_operate(GTask *task);
