/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiPrompters: those who can ask the person, and the questions that are open.  A question goes
 * to one prompter at a time; if that one goes away it goes to the next, once.  Each question ends
 * exactly once: answered, dismissed, cancelled, timed out, or with nobody to ask.
 *
 * Facts go out, sentences are the prompter's own.  daemon/bus puts prompters of other processes
 * behind the functions below.  Questions and answers are those of org.meishi.Agent1.Prompter and
 * Agents.Respond, but identities stand in them by id (s; "" for none) where the bus has object
 * paths: "identity" of an answer, "preselected"; the bus adds "identity" beside each "id".  A
 * secret is in no dictionary; it has ways of its own.
 */
#pragma once

#include <gio/gio.h>

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

/* @owner is compared, never looked into: a connection's own prompter is asked about its own
 * requests before any other; else the one that came last.  BUSY where @owner has one already. */
gboolean
meishi_prompters_add(MeishiPrompters *prompters, gpointer owner, const MeishiPrompterClass *class,
                     gpointer prompter, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Its questions go to the next. */
void meishi_prompters_remove(MeishiPrompters *prompters, gpointer owner);

/* Is there anybody to ask for @owner?  And is it its own prompter? */
gboolean meishi_prompters_available(MeishiPrompters *prompters, gpointer owner);
gboolean meishi_prompters_has_own(MeishiPrompters *prompters, gpointer owner);

/* An answer from @owner: a{sv} where @result is ANSWERED.  NOT_FOUND for a cookie that is not open
 * with this prompter. */
gboolean meishi_prompters_respond(MeishiPrompters *prompters, gpointer owner, const char *cookie,
                                  MeishiReply result, GVariant *answer,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same: a secret, where the question wants one ("unlock"). */
gboolean
meishi_prompters_respond_secret(MeishiPrompters *prompters, gpointer owner, const char *cookie,
                                MeishiSecret *secret, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Asks.  CANCELLED, TIMEOUT after @timeout_ms. */
void meishi_prompters_ask_async(MeishiPrompters *prompters, gpointer owner, const char *kind,
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
