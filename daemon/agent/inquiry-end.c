/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The end of an inquiry: what a prompter said, or did not, is told to everybody who waits; see
 * inquiry.c.
 */
#include "daemon/agent/inquiry-private.h"

#include "daemon/base/error.h"

static void
fail_all(GPtrArray *waiters, const GError *error)
{
    for (guint i = 0; i < waiters->len; i++) {
        MeishiWaiter *waiter = g_ptr_array_index(waiters, i);

        if (meishi_inquiry_is_waiting(waiter))
            meishi_waiter_fail(waiter, g_error_copy(error));
    }
}

static void
tell_all(const MeishiInquiry *inquiry, GPtrArray *waiters, MeishiResult result)
{
    for (guint i = 0; i < waiters->len; i++) {
        MeishiWaiter *waiter = g_ptr_array_index(waiters, i);
        MeishiAnswer *answer;

        if (!meishi_inquiry_is_waiting(waiter))
            continue;
        answer = meishi_answer_new(result, MEISHI_CODE_NEEDS_USER, inquiry->row);
        if (result == MEISHI_RESULT_NO_AGENT)
            meishi_answer_add_question(answer, waiter->call, inquiry->question);
        meishi_waiter_tell(waiter, answer);
    }
}

static void
dismiss(const MeishiInquiry *inquiry, GPtrArray *waiters)
{
    const MeishiWaiter *first = g_ptr_array_index(waiters, 0);
    g_autofree char *key = meishi_selector_target_key(first->call->request);

    meishi_quiet_dismissed(inquiry->agent->selector->quiet, key, meishi_agent_now());
    tell_all(inquiry, waiters, MEISHI_RESULT_DISMISSED);
}

/* The world may be another than when the question was put: rules that came since have the last
 * word, and who could not be given this answer is decided for again, alone. */
static void
settle(MeishiAgent *agent, MeishiWaiter *waiter, const MeishiPersonAnswer *said, gint64 choice_id)
{
    g_autoptr(MeishiWaiter) owned = waiter;
    const MeishiWorld *world = meishi_agent_world(agent);
    const MeishiRequest *request = waiter->call->request;
    g_autoptr(MeishiDecision) decision = meishi_decide(world, request);
    const MeishiChoice *choice;
    guint index;

    if (decision->result == MEISHI_RESULT_PROMPT) {
        if (!meishi_selector_can_take(decision, world, said->id, &index)) {
            meishi_selector_decide(agent, g_steal_pointer(&owned));
            return;
        }
        meishi_selector_take(decision, world, index);
        choice = meishi_memory_find(world->memory, request, &decision->limits, world->now);
        if (choice != NULL && choice->id == choice_id)
            decision->choice = choice;
    }
    meishi_selector_conclude(agent, waiter, decision);
}

/* What was asked once was asked; until everybody has the answer, the memory has no say in it. */
static void
answer_all(const MeishiInquiry *inquiry, GPtrArray *waiters, const MeishiPersonAnswer *said)
{
    MeishiAgent *agent = inquiry->agent;
    gint64 choice_id = meishi_selector_remember(agent, waiters, said);

    while (waiters->len > 0) {
        MeishiWaiter *waiter = g_ptr_array_steal_index(waiters, 0);

        waiter->inquiry = NULL;
        if (meishi_inquiry_is_waiting(waiter))
            settle(agent, waiter, said, choice_id);
        else
            meishi_waiter_free(waiter);
    }
    (void)meishi_choice_book_ask_once(agent->choice_book, inquiry->ask_once, FALSE);
}

static gboolean
read_answer(const MeishiInquiry *inquiry, GVariant *dict, MeishiPersonAnswer *ret_said)
{
    g_auto(MeishiPersonAnswer) said = {.id = NULL};
    g_autoptr(GError) error = NULL;

    if (!meishi_question_facts_read_answer(dict, &said, &error)) {
        g_debug("A prompter's answer cannot be understood: %s", error->message);
        return FALSE;
    }
    if (said.id != NULL && !g_hash_table_contains(inquiry->ids, said.id)) {
        g_debug("A prompter answered with an identity that was not to be chosen.");
        return FALSE;
    }
    *ret_said = said;
    said.id = NULL;
    return TRUE;
}

/* Where nobody can be asked whether a choice still holds, it does. */
static void
decide_again(MeishiAgent *agent, GPtrArray *waiters)
{
    while (waiters->len > 0) {
        MeishiWaiter *waiter = g_ptr_array_steal_index(waiters, 0);

        waiter->inquiry = NULL;
        if (meishi_inquiry_is_waiting(waiter))
            meishi_selector_decide(agent, waiter);
        else
            meishi_waiter_free(waiter);
    }
}

/* ---- a card is inserted ---------------------------------------------------------------------- */

/* How many identities have become strong since the question was put; the best of them. */
static guint
count_inserted(const MeishiInquiry *inquiry, const MeishiDecision *decision,
               const MeishiWorld *world, const char **ret_id)
{
    guint n = 0;

    for (guint i = 0; i < decision->n_strong; i++) {
        const char *id =
            meishi_inventory_entry(world->inventory, decision->verdicts[i].index)->candidate->id;

        if (!g_hash_table_contains(inquiry->ready, id) && n++ == 0)
            *ret_id = id;
    }
    return n;
}

/* Whoever inserts the card that is asked for means the identity on it; where there are several, or
 * it is another card, that is asked. */
gboolean
meishi_inquiry_take_card(MeishiInquiry *inquiry)
{
    MeishiAgent *agent = inquiry->agent;
    const MeishiWaiter *first = g_ptr_array_index(inquiry->waiters, 0);
    const MeishiWorld *world = meishi_agent_world(agent);
    g_autoptr(MeishiDecision) decision = NULL;
    g_auto(MeishiPersonAnswer) said = {.scope = MEISHI_SCOPE_ONCE, .reach = MEISHI_REACH_HOST_PORT};
    const char *id = NULL;
    gboolean is_answer;

    if (!inquiry->is_for_card)
        return FALSE;
    decision = meishi_decide(world, first->call->request);
    if (decision->result != MEISHI_RESULT_PROMPT ||
        count_inserted(inquiry, decision, world, &id) == 0)
        return FALSE;
    g_ptr_array_remove(agent->selector->inquiries, inquiry);
    said.id = g_strdup(id);
    is_answer = decision->n_strong == 1 && g_hash_table_contains(inquiry->ids, id);
    g_clear_pointer(&decision, meishi_decision_free); /* it borrows from what changes now */
    if (is_answer)
        answer_all(inquiry, inquiry->waiters, &said);
    else
        decide_again(agent, inquiry->waiters);
    meishi_prompters_withdraw(agent->prompters, inquiry->cancellable);
    return TRUE;
}

/* ---- what came of the asking ------------------------------------------------------------------
 */

/* Whoever could ask has gone or did not come. */
static void
tell_nobody(const MeishiInquiry *inquiry, GPtrArray *waiters)
{
    const MeishiWaiter *first = g_ptr_array_index(waiters, 0);

    meishi_notify_needs_user(inquiry->agent, first->call);
    tell_all(inquiry, waiters, MEISHI_RESULT_NO_AGENT);
}

static void
on_reply(MeishiInquiry *inquiry, GPtrArray *waiters, MeishiReply reply, GVariant *dict)
{
    g_auto(MeishiPersonAnswer) said = {.id = NULL};

    if (reply == MEISHI_REPLY_NOBODY &&
        meishi_choice_book_ask_once(inquiry->agent->choice_book, inquiry->ask_once, FALSE))
        decide_again(inquiry->agent, waiters);
    else if (reply == MEISHI_REPLY_NOBODY)
        tell_nobody(inquiry, waiters);
    else if (reply == MEISHI_REPLY_ANSWERED && read_answer(inquiry, dict, &said))
        answer_all(inquiry, waiters, &said);
    else
        dismiss(inquiry, waiters);
}

static void
on_error(const MeishiInquiry *inquiry, GPtrArray *waiters, const GError *error)
{
    if (g_error_matches(error, MEISHI_ERROR, MEISHI_ERROR_TIMEOUT))
        tell_all(inquiry, waiters, MEISHI_RESULT_TIMED_OUT);
    else
        fail_all(waiters, error);
}

void
meishi_inquiry_on_asked(GObject *source, GAsyncResult *result, gpointer user_data)
{
    MeishiInquiry *inquiry = user_data;
    g_autoptr(MeishiAgent) agent = inquiry->agent != NULL ? g_object_ref(inquiry->agent) : NULL;
    g_autoptr(GPtrArray) waiters = g_ptr_array_ref(inquiry->waiters);
    g_autoptr(GVariant) dict = NULL;
    g_autoptr(GError) error = NULL;
    MeishiReply reply;

    if (agent != NULL) {
        /* Whoever asks the same from here on asks anew. */
        g_ptr_array_remove(agent->selector->inquiries, inquiry);
        if (meishi_prompters_ask_finish(result, &reply, &dict, &error))
            on_reply(inquiry, waiters, reply, dict);
        else
            on_error(inquiry, waiters, error);
    }
    meishi_inquiry_free(inquiry);
}
