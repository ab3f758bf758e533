/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The selecting half of MeishiAgent from inside: what it keeps between two calls, and the steps
 * that its files share.
 *
 *   agent-select.c    a call comes in: decided at once, or somebody is asked
 *   waiter.c          who is to be told
 *   inquiry.c         a question to the person, and who waits for the answer
 *   agent-remember.c  an answer becomes a choice, as far as policy lets it
 *   agent-answer.c    a decision becomes what the caller is told
 *   agent-report.c    the caller tells how it ended
 *   agent-choose.c    choices without a question
 *   agent-review.c    the world changes while somebody waits
 *   agent-notify.c    what is worth telling a person who did not ask
 */
#pragma once

#include "daemon/agent/agent-private.h"
#include "daemon/agent/held-answers.h"
#include "daemon/agent/question-facts.h"
#include "daemon/agent/quiet.h"
#include "daemon/agent/rate-limit.h"
#include "daemon/agent/selection-log.h"

#define MEISHI_SELECTOR_CALLS_PER_SECOND 50

struct MeishiSelector {
    MeishiRateLimit *rate;
    MeishiQuiet *quiet;
    MeishiHeldAnswers *held;
    MeishiSelectionLog *log;
    GPtrArray *inquiries; /* MeishiInquiry: the open ones, in the order they came */
    guint review_source;
};

typedef struct MeishiInquiry MeishiInquiry;

/* Somebody who called and was not answered yet. */
typedef struct {
    GTask *task; /* of meishi_agent_select_async(); NULL: was told something already */
    MeishiSelectCall *call;
    MeishiInquiry *inquiry; /* that it waits for; NULL */
    GSource *timer;
    GSource *cancel;
    gint64 deadline;     /* seconds since 1970 */
    gboolean is_patient; /* did not say how long it waits, and so does for a person's sake */
    guint looked_ms;     /* for how long tokens have been looked for */
} MeishiWaiter;

/* ---- waiter.c */

/* Takes both. */
MeishiWaiter *meishi_waiter_new(MeishiSelectCall *call, GTask *task);
void meishi_waiter_free(MeishiWaiter *waiter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiWaiter, meishi_waiter_free)

/* Ends the call, with @answer or @error (both taken); the waiter lives on. */
void meishi_waiter_tell(MeishiWaiter *waiter, MeishiAnswer *answer);
void meishi_waiter_fail(MeishiWaiter *waiter, GError *error);

/* Watches for the end of the caller's patience and for its cancelling, if nobody does yet.  The
 * time is that of the call, however often it is decided. */
void meishi_waiter_watch(MeishiWaiter *waiter, GSourceFunc on_timeout,
                         GCancellableSourceFunc on_cancelled);

/* One that is watched waits so long from now on, or until then at least. */
void meishi_waiter_wait_for(MeishiWaiter *waiter, guint timeout_ms);
void meishi_waiter_wait_until(MeishiWaiter *waiter, gint64 deadline);

/* ---- agent-select.c */

/* Decides for @waiter, and answers or asks.  Takes @waiter over. */
void meishi_selector_decide(MeishiAgent *agent, MeishiWaiter *waiter);

/* Tells @waiter what was decided (not PROMPT), and notes it. */
void
meishi_selector_conclude(MeishiAgent *agent, MeishiWaiter *waiter, const MeishiDecision *decision);

/* The program and the target of a request, as a key. */
char *meishi_selector_target_key(const MeishiRequest *request);

/* The question @key among the connections of the call's group, as a key; NULL without a group. */
char *meishi_selector_group_key(const MeishiSelectCall *call, const char *key);

/* ---- inquiry.c */

/* Puts the question of @decision (PROMPT) for @waiter, or lets it wait for an open one of the same
 * kind.  Takes @waiter over. */
void meishi_inquiry_join(MeishiAgent *agent, MeishiWaiter *waiter, const MeishiDecision *decision);

/* Puts the question of @decision (PROMPT) though nobody waits: the answer is remembered as one that
 * comes late is.  Takes @call. */
void meishi_inquiry_ask_for_later(MeishiAgent *agent, MeishiSelectCall *call,
                                  const MeishiDecision *decision);

/* Answers those for whom there is nothing left to ask, and closes the question where that is
 * everybody; FALSE where it is closed (and gone). */
gboolean meishi_inquiry_review(MeishiInquiry *inquiry);

/* Ends the questions of @context (NULL: of any): what would be answered is to be forgotten. */
void meishi_inquiry_end_context(MeishiAgent *agent, const char *context);

/* The agent ends. */
void meishi_inquiry_orphan(MeishiInquiry *inquiry);

/* ---- agent-notify.c: the person is told of it, where it is worth that */

/* @call went without an answer, because nobody could be asked. */
void meishi_notify_needs_user(MeishiAgent *agent, const MeishiSelectCall *call);

/* The identity of @selection was refused, by @alert (0: without one). */
void meishi_notify_refused(MeishiAgent *agent, const MeishiSelection *selection, guint8 alert);

/* What is shown of @context (NULL: of any) ends with it. */
void meishi_notify_end_context(MeishiAgent *agent, const char *context);

/* ---- agent-remember.c */

/* Can the answer @id (NULL: none) be given to what @decision was made for?  @ret_index may be
 * G_MAXUINT: none. */
gboolean meishi_selector_can_take(const MeishiDecision *decision, const MeishiWorld *world,
                                  const char *id, guint *ret_index);

/* Makes @decision one for candidate @index, or for none, by a person's word. */
void meishi_selector_take(MeishiDecision *decision, const MeishiWorld *world, guint index);

/* Remembers what a person said for @waiters (MeishiWaiter, all of one question), as far as policy
 * lets it.  Returns the choice that came of it; 0 for none. */
gint64
meishi_selector_remember(MeishiAgent *agent, GPtrArray *waiters, const MeishiPersonAnswer *said);

/* ---- agent-answer.c */

/* Of a result that selects nothing; @row is a phrase for a person. */
MeishiAnswer *meishi_answer_new(MeishiResult result, MeishiCode code, const char *row);

/* To one of NO_AGENT, for @call: what a prompter would have been asked; may be floating.  It names
 * the person's certificates, which no sandbox is shown. */
void
meishi_answer_add_question(MeishiAnswer *answer, const MeishiSelectCall *call, GVariant *question);

/* ---- agent-choose.c: what changed is told */

/* Choices as they are now (MeishiChoice), to be compared later. */
GPtrArray *meishi_selector_list_choices(MeishiAgent *agent);

/* Tells by signals what became different since @before, if anything. */
void meishi_selector_tell_changes(MeishiAgent *agent, GPtrArray *before);
