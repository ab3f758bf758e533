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
    /* @kind: "choose", "confirm", "unlock", "pin".  @question: a{sv}, see
     * org.meishi.Agent1.Prompter. */
    void (*begin)(gpointer prompter, const char *cookie, const char *kind, GVariant *question);
    /* The question is over; a later answer is not looked at. */
    void (*cancel)(gpointer prompter, const char *cookie, const char *reason);
    /* Something in the question is another now; @changes: a{sv}.  NULL: does not want to know. */
    void (*update)(gpointer prompter, const char *cookie, GVariant *changes);
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

/* Who asks.  Whatever is not known is NULL or FALSE. */
typedef struct {
    gpointer owner;
    const MeishiApplication *application;
    gboolean has_window; /* its questions belong to a window, not on its terminal */
    gboolean has_acted;  /* the person has just done something that led here */
    /* The question is before the person now.  May come again, with another prompter. */
    void (*begun)(gpointer user_data);
    /* The person wants time, until @deadline (seconds since 1970), and who asks sees to it, with
     * meishi_prompters_update().  NULL: the question itself ends then. */
    void (*extend)(gint64 deadline, gpointer user_data);
} MeishiAsker;

/* @owner is compared, never looked into.  @place: NULL is anywhere, for anything.
 *
 * Of those who can ask a question's kind, the one is asked that registered from the asker's own
 * connection, else the one on its terminal, else a window of its login session, else another
 * terminal of that session, else any window, else any terminal; of several equal ones, the last
 * that came.  For who has a window of its own, every window comes before its terminal.
 *
 * Where neither its connection nor its terminal nor any window can ask, a window is started first,
 * if there is a starter.  What the kernel calls a session is no reason against a window: one that
 * the session bus has started is often in another than the programs on the same screen.
 *
 * BUSY where @owner has one already. */
gboolean meishi_prompters_add(MeishiPrompters *prompters, gpointer owner,
                              const MeishiPrompterPlace *place, const MeishiPrompterClass *class,
                              gpointer prompter, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Its questions go to the next. */
void meishi_prompters_remove(MeishiPrompters *prompters, gpointer owner);

/* An open question that was asked with @cancellable has changed; @changes: a{sv}, floating. */
void
meishi_prompters_update(MeishiPrompters *prompters, GCancellable *cancellable, GVariant *changes);

/* The person needs more time: a minute from now, but no more than ten since it was asked.
 * NOT_FOUND as below. */
gboolean meishi_prompters_extend(MeishiPrompters *prompters, gpointer owner, const char *cookie,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Somebody who can have a prompter with windows come. */
typedef struct {
    gboolean (*can_start)(gpointer starter); /* as far as is known */
    /* Has one come: it registers, or meishi_prompters_start_failed() says that it does not; neither
     * before this returns. */
    void (*start)(gpointer starter);
    guint patience_ms; /* with it, until somebody registers */
    guint back_off_ms; /* before the next try after one that was of no use */
    guint pause_ms;    /* likewise, for a person who has just done something */
} MeishiStarterClass;

/* @class: NULL is nobody any more. */
void meishi_prompters_set_starter(MeishiPrompters *prompters, const MeishiStarterClass *class,
                                  gpointer starter);
void meishi_prompters_start_failed(MeishiPrompters *prompters);

/* Is there anybody who can ask questions of @kind, or who could be started?  And has @owner a
 * prompter of its own? */
gboolean meishi_prompters_available(MeishiPrompters *prompters, const char *kind);
gboolean meishi_prompters_has_own(MeishiPrompters *prompters, gpointer owner);

/* Questions that are open, shown or waiting. */
guint meishi_prompters_n_questions(const MeishiPrompters *prompters);

/* An answer from @owner: a{sv} where @result is ANSWERED.  NOT_FOUND for a cookie that is not open
 * with this prompter. */
gboolean meishi_prompters_respond(MeishiPrompters *prompters, gpointer owner, const char *cookie,
                                  MeishiReply result, GVariant *answer,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A secret, where the question wants one, and what is said besides. */
typedef struct {
    MeishiSecret *secret;
    GVariant *answer; /* a{sv}; NULL */
} MeishiSecretAnswer;

/* Whether it would be taken now, for whoever has to wait for the secret itself: NOT_FOUND as above,
 * INVALID_ARGUMENT where the question wants none. */
gboolean
meishi_prompters_check_secret(MeishiPrompters *prompters, gpointer owner, const char *cookie,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

gboolean meishi_prompters_respond_secret(MeishiPrompters *prompters, gpointer owner,
                                         const char *cookie, const MeishiSecretAnswer *answer,
                                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* One program must not bury the person in questions: BUSY where too many questions of @kind of
 * @application are open. */
gboolean meishi_prompters_check_room(MeishiPrompters *prompters, const char *kind,
                                     const MeishiApplication *application,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

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
/* For a question that wants a secret.  NULL in @ret_answer: none, or only the other. */
gboolean meishi_prompters_ask_secret_finish(GAsyncResult *result, MeishiReply *ret_result,
                                            MeishiSecretAnswer *ret_answer,
                                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
void meishi_secret_answer_clear(MeishiSecretAnswer *answer);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MeishiSecretAnswer, meishi_secret_answer_clear)
