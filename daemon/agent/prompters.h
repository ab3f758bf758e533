/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiPrompters: those who can ask the person, and the questions that are open.  A question goes
 * to one prompter at a time, the nearest to who asks; if that one goes away it goes to the next,
 * once.  Each question ends exactly once: answered, dismissed, cancelled, timed out, or with nobody
 * to ask.
 *
 * Facts go out, sentences are the prompter's own.  daemon/bus puts prompters of other processes
 * behind the functions below.  Questions and answers are those of org.meishi.Agent1.Prompter and
 * Agents.Respond, but identities stand in them by id (s; "" for none) where the bus has object
 * paths: "identity" of an answer, "preselected"; the bus adds "identity" beside each "id".  A
 * secret is in no dictionary; it has ways of its own.
 */
#pragma once

#include <gio/gio.h>

#include "daemon/agent/application.h"
#include "daemon/base/secret.h"

typedef struct MeishiPrompters MeishiPrompters;

/* One prompter; called on the main loop, must not answer before it returns. */
typedef struct {
    /* @kind: "choose", "confirm" or "unlock".  @question: a{sv}, see org.meishi.Agent1.Prompter. */
    void (*begin)(gpointer prompter, const char *cookie, const char *kind, GVariant *question);
    /* The question is over; a later answer is not looked at. */
    void (*cancel)(gpointer prompter, const char *cookie, const char *reason);
} MeishiPrompterClass;

typedef enum {
    MEISHI_REPLY_ANSWERED,
    MEISHI_REPLY_DISMISSED, /* "not now" */
    MEISHI_REPLY_NOBODY,    /* there is no prompter */
} MeishiReply;

MeishiPrompters *meishi_prompters_new(void);
void meishi_prompters_free(MeishiPrompters *prompters); /* NULL is fine */

/* Where a prompter asks, and what; copied. */
typedef struct {
    const char *session;      /* the login session that it is in; NULL: unknown */
    dev_t tty;                /* the terminal on which it asks; 0: none, a window */
    const char *const *kinds; /* that it can ask; NULL: any */
} MeishiPrompterPlace;

/* Who asks.  Either may be NULL. */
typedef struct {
    gpointer owner;
    const MeishiApplication *application;
} MeishiAsker;

/* @owner is compared, never looked into.  @place: NULL is anywhere, for anything.
 *
 * Of those who can ask a question's kind, the one is asked that registered from the asker's own
 * connection, else the one on its terminal, else one of its login session, a window before
 * somebody else's terminal, else any; of several equal ones, the last that came.  BUSY where @owner
 * has one already. */
gboolean meishi_prompters_add(MeishiPrompters *prompters, gpointer owner,
                              const MeishiPrompterPlace *place, const MeishiPrompterClass *class,
                              gpointer prompter, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Its questions go to the next. */
void meishi_prompters_remove(MeishiPrompters *prompters, gpointer owner);

/* Is there anybody who can ask questions of @kind?  And has @owner a prompter of its own? */
gboolean meishi_prompters_available(MeishiPrompters *prompters, const char *kind);
gboolean meishi_prompters_has_own(MeishiPrompters *prompters, gpointer owner);

/* Questions that are open, shown or waiting. */
guint meishi_prompters_n_questions(const MeishiPrompters *prompters);

/* An answer from @owner: a{sv} where @result is ANSWERED.  NOT_FOUND for a cookie that is not open
 * with this prompter. */
gboolean meishi_prompters_respond(MeishiPrompters *prompters, gpointer owner, const char *cookie,
                                  MeishiReply result, GVariant *answer,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same: a secret, where the question wants one ("unlock"). */
gboolean
meishi_prompters_respond_secret(MeishiPrompters *prompters, gpointer owner, const char *cookie,
                                MeishiSecret *secret, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Asks.  CANCELLED, TIMEOUT after @timeout_ms.  @asker: NULL is nobody in particular. */
void
meishi_prompters_ask_async(MeishiPrompters *prompters, const MeishiAsker *asker, const char *kind,
                           GVariant *question, guint timeout_ms, GCancellable *cancellable,
                           GAsyncReadyCallback callback, gpointer user_data);
/* The question that was asked with @cancellable has got its answer elsewhere: it ends at once, as
 * if it had been cancelled, and a prompter that shows it is told "answered". */
void meishi_prompters_withdraw(MeishiPrompters *prompters, GCancellable *cancellable);
gboolean
meishi_prompters_ask_finish(GAsyncResult *result, MeishiReply *ret_result, GVariant **ret_answer,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* For a question that wants a secret: ANSWERED comes with one. */
gboolean meishi_prompters_ask_secret_finish(GAsyncResult *result, MeishiReply *ret_result,
                                            MeishiSecret **ret_secret,
                                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
