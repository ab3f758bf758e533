/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * meishi_agent_select_async(): a call comes in.  What the engine can settle is answered at once;
 * where a person has to say it, the call joins an inquiry, unless the person has just said that it
 * is not to be asked, or nobody is there to ask.
 *
 * Invariant: each call is answered exactly once, and what it is told was decided in the world of
 * that very turn of the main loop.
 */
#include "daemon/agent/selector-private.h"

#include "daemon/agent/presentation.h"
#include "daemon/base/error.h"
#include "daemon/policy/explain.h"

#define LOOK_MS       5000 /* what a slow card takes after the daemon's start */
#define LOOK_EVERY_MS 50

/* ---- before anything is decided -------------------------------------------------------------- */

static gboolean
take_rate(MeishiAgent *agent, const MeishiApplication *process, GError **error)
{
    g_autofree char *key =
        g_strdup_printf("%d %" G_GUINT64_FORMAT, (int)process->pid, process->start_time);

    if (meishi_rate_limit_take(agent->selector->rate, key, g_get_monotonic_time()))
        return TRUE;
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_BUSY,
                "This program asks for certificates more than %u times per second.",
                MEISHI_SELECTOR_CALLS_PER_SECOND);
    return FALSE;
}

static gboolean
check_call(MeishiAgent *agent, const MeishiSelectCall *call, GCancellable *cancellable,
           GError **error)
{
    if (g_cancellable_is_cancelled(cancellable)) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_CANCELLED, "The request was cancelled.");
        return FALSE;
    }
    return take_rate(agent, call->application, error) && meishi_request_check(call->request, error);
}

/* ---- deciding -------------------------------------------------------------------------------- */

char *
meishi_selector_target_key(const MeishiRequest *request)
{
    return g_strdup_printf(
        "%s\n%s\n%s\n%s\n%u", request->application != NULL ? request->application : "",
        request->context != NULL ? request->context : "", meishi_request_protocol_class(request),
        request->host.text != NULL ? request->host.text : "", request->port);
}

char *
meishi_selector_group_key(const MeishiSelectCall *call, const char *key)
{
    return call->connection_group != NULL ? g_strconcat(key, "\n", call->connection_group, NULL)
                                          : NULL;
}

/* Does an earlier answer to the same question hold?  It settles what the engine leaves to a person,
 * and nothing that rules have settled. */
static gboolean
find_held(MeishiAgent *agent, const MeishiSelectCall *call, const MeishiDecision *decision,
          const MeishiWorld *world, guint *ret_index)
{
    g_autofree char *key = NULL, *group_key = NULL;
    const char *id;

    if (decision->prompt == MEISHI_PROMPT_NONE && decision->code != MEISHI_CODE_OPTIONAL)
        return FALSE;
    key = meishi_decision_coalesce_key(decision, world, call->request);
    group_key = meishi_selector_group_key(call, key);
    return ((group_key != NULL &&
             meishi_held_answers_find(agent->selector->held, group_key, world->now, &id)) ||
            meishi_held_answers_find(agent->selector->held, key, world->now, &id)) &&
           meishi_selector_can_take(decision, world, id, ret_index);
}

/* Did the person just put this question off?  What a person does (a click, a command) is a wish to
 * be asked again. */
static gboolean
is_quiet(MeishiAgent *agent, const MeishiRequest *request, gint64 now)
{
    g_autofree char *key = meishi_selector_target_key(request);

    if (request->user_activation)
        meishi_quiet_end(agent->selector->quiet, key);
    return meishi_quiet_holds(agent->selector->quiet, key, now);
}

static MeishiAnswer *
answer_nobody(MeishiAgent *agent, const MeishiWaiter *waiter, const MeishiDecision *decision)
{
    MeishiAnswer *answer =
        meishi_answer_new(MEISHI_RESULT_NO_AGENT, MEISHI_CODE_NEEDS_USER, decision->row_text);

    meishi_answer_add_question(answer, waiter->call,
                               meishi_question_facts_new(waiter->call, decision,
                                                         meishi_agent_world(agent),
                                                         waiter->deadline));
    meishi_notify_needs_user(agent, waiter->call);
    return answer;
}

/* Where nobody can be asked whether a choice still holds, it does. */
static gboolean
drop_doubt(MeishiAgent *agent, const MeishiDecision *decision)
{
    return decision->choice != NULL &&
           meishi_choice_book_ask_once(agent->choice_book, decision->choice->id, FALSE);
}

/* Takes @waiter over. */
static void
ask(MeishiAgent *agent, MeishiWaiter *waiter, const MeishiDecision *decision)
{
    g_autoptr(MeishiWaiter) owned = waiter;
    const MeishiSelectCall *call = waiter->call;
    gboolean has_nobody = !meishi_prompters_available(agent->prompters, "choose");

    if (has_nobody && drop_doubt(agent, decision))
        meishi_selector_decide(agent, g_steal_pointer(&owned));
    else if (has_nobody)
        meishi_waiter_tell(waiter, answer_nobody(agent, waiter, decision));
    else if (is_quiet(agent, call->request, meishi_agent_now()))
        meishi_waiter_tell(waiter,
                           meishi_answer_new(MEISHI_RESULT_DISMISSED, MEISHI_CODE_NEEDS_USER,
                                             "the same question was put off a moment ago"));
    else
        meishi_inquiry_join(agent, g_steal_pointer(&owned), decision);
}

/* ---- while modules start --------------------------------------------------------------------- */

static gboolean
on_time_to_look(gpointer user_data)
{
    MeishiWaiter *waiter = user_data;
    MeishiAgent *agent = g_task_get_source_object(waiter->task);

    waiter->looked_ms += LOOK_EVERY_MS;
    if (!g_cancellable_is_cancelled(g_task_get_cancellable(waiter->task))) {
        meishi_selector_decide(agent, waiter);
        return G_SOURCE_REMOVE;
    }
    meishi_waiter_fail(
        waiter, g_error_new(MEISHI_ERROR, MEISHI_ERROR_CANCELLED, "The request was cancelled."));
    meishi_waiter_free(waiter);
    return G_SOURCE_REMOVE;
}

static gboolean
is_about_absent(const MeishiDecision *decision)
{
    for (guint i = 0; i < decision->n_strong + decision->n_soft; i++) {
        if ((decision->verdicts[i].codes & G_GUINT64_CONSTANT(1) << MEISHI_CODE_TOKEN_ABSENT) != 0)
            return TRUE;
    }
    return FALSE;
}

/* Right after the daemon's start a card that seems to be away may be there: nobody is asked to
 * insert it, nor told that there is nothing, before every module has been looked at. */
static gboolean
may_turn_up(MeishiAgent *agent, const MeishiWaiter *waiter, const MeishiDecision *decision)
{
    return decision->result != MEISHI_RESULT_SELECTED && waiter->looked_ms < LOOK_MS &&
           !meishi_agent_has_seen_tokens(agent) && is_about_absent(decision);
}

void
meishi_selector_decide(MeishiAgent *agent, MeishiWaiter *waiter)
{
    g_autoptr(MeishiWaiter) owned = waiter;
    const MeishiWorld *world = meishi_agent_world(agent);
    g_autoptr(MeishiDecision) decision = meishi_decide(world, waiter->call->request);
    guint index;

    if (find_held(agent, waiter->call, decision, world, &index))
        meishi_selector_take(decision, world, index);
    if (may_turn_up(agent, waiter, decision)) {
        g_timeout_add(LOOK_EVERY_MS, on_time_to_look, g_steal_pointer(&owned));
        return;
    }
    if (decision->result == MEISHI_RESULT_PROMPT) {
        ask(agent, g_steal_pointer(&owned), decision);
        return;
    }
    meishi_selector_conclude(agent, waiter, decision);
}

/* ---- the answer ------------------------------------------------------------------------------ */

/* What it says is good for: the program finds the identity first through PKCS#11, and does so as
 * soon as it is told. */
static void
give_hint(MeishiAgent *agent, const MeishiSelectCall *call, const char *id)
{
    if (call->application->pid <= 0)
        return;
    (void)meishi_agent_hint(agent, MEISHI_HINT_RECENT, call->application, call->request, id);
    meishi_agent_flush_view(agent);
}

/* The journal has what was decided and why, and no host names. */
static void
write_journal(const MeishiSelectCall *call, const MeishiDecision *decision)
{
    g_autofree char *text = meishi_explain_decision(decision);

    g_info("selection for %s: %s",
           call->request->application != NULL ? call->request->application : "an unknown program",
           text);
}

/* Notes a selection, so that its outcome can be reported. */
static void
note(MeishiAgent *agent, const MeishiSelectCall *call, MeishiAnswer *answer)
{
    g_autofree char *id = answer->identity != NULL ? meishi_identity_id(answer->identity) : NULL;
    const MeishiSelection *selection =
        meishi_selection_log_add(agent->selector->log, call->request, call->application, id,
                                 answer->choice_id, meishi_agent_now());

    answer->selection_id = g_strdup(selection->id);
    if (id == NULL)
        return;
    give_hint(agent, call, id);
    if (call->request->user_activation)
        meishi_agent_confirm_again(agent, call->application, answer->identity);
}

void
meishi_selector_conclude(MeishiAgent *agent, MeishiWaiter *waiter, const MeishiDecision *decision)
{
    MeishiAnswer *answer = meishi_agent_preview(agent, waiter->call->request, decision);

    write_journal(waiter->call, decision);
    if (answer->choice_id != 0)
        meishi_choice_book_used(agent->choice_book, answer->choice_id, meishi_agent_now());
    if (answer->result == MEISHI_RESULT_SELECTED || answer->result == MEISHI_RESULT_NONE)
        note(agent, waiter->call, answer);
    if (decision->notify && decision->code == MEISHI_CODE_NEEDS_USER)
        meishi_notify_needs_user(agent, waiter->call);
    meishi_waiter_tell(waiter, answer);
}

/* ---- the door -------------------------------------------------------------------------------- */

void
meishi_agent_select_async(MeishiAgent *agent, MeishiSelectCall *call, GCancellable *cancellable,
                          GAsyncReadyCallback callback, gpointer user_data)
{
    GTask *task = g_task_new(agent, cancellable, callback, user_data);
    g_autoptr(MeishiWaiter) waiter = meishi_waiter_new(call, task);
    GError *error = NULL;

    g_task_set_check_cancellable(task, FALSE); /* told by ourselves, once */
    if (check_call(agent, call, cancellable, &error))
        meishi_selector_decide(agent, g_steal_pointer(&waiter));
    else
        meishi_waiter_fail(waiter, error);
}

MeishiAnswer *
meishi_agent_select_finish(MeishiAgent *agent, GAsyncResult *result, GError **error)
{
    return g_task_propagate_pointer(G_TASK(result), error);
}
