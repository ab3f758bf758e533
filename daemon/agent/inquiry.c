/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * An inquiry: one question to the person, and everybody who waits for its answer.  Parallel calls
 * of one program about one target with the same identities to choose from share it.
 *
 * It lives from the asking to the end of the asking, which prompters.h promises to come exactly
 * once.  Whoever was told something in the meantime (timeout, cancellation) stays in the list as
 * far as needed: the first of it says what the question was about, and one of each connection group
 * whom the answer is kept for.  The question is withdrawn when everybody has cancelled; where
 * somebody merely timed out it stays open, since an answer is good for the next attempt.
 */
#include "daemon/agent/selector-private.h"

#include "daemon/base/error.h"

#define OPEN_MS             600000 /* how long a question stays open at most */
#define MAX_PER_APPLICATION 5
#define MAX_WAITERS         128 /* for one question, each with a request of its own */

struct MeishiInquiry {
    MeishiAgent *agent; /* NULL: it has ended */
    char *key;
    GPtrArray *waiters; /* MeishiWaiter */
    GHashTable *ids;    /* of the identities that could be chosen */
    GVariant *question;
    const char *row;     /* static */
    gboolean is_awaited; /* somebody timed out and may come back for the answer */
    GCancellable *cancellable;
};

static void
inquiry_free(MeishiInquiry *inquiry)
{
    g_free(inquiry->key);
    g_ptr_array_unref(inquiry->waiters);
    g_hash_table_unref(inquiry->ids);
    g_variant_unref(inquiry->question);
    g_object_unref(inquiry->cancellable);
    g_free(inquiry);
}

void
meishi_inquiry_orphan(MeishiInquiry *inquiry)
{
    inquiry->agent = NULL;
}

static gboolean
is_waiting(const MeishiWaiter *waiter)
{
    return waiter->task != NULL;
}

/* ---- leaving --------------------------------------------------------------------------------- */

/* Closes the question where @leaving was the last who wanted to know. */
static void
withdraw_without(MeishiInquiry *inquiry, const MeishiWaiter *leaving)
{
    if (inquiry->is_awaited)
        return;
    for (guint i = 0; i < inquiry->waiters->len; i++) {
        const MeishiWaiter *waiter = g_ptr_array_index(inquiry->waiters, i);

        if (waiter != leaving && is_waiting(waiter))
            return;
    }
    /* Nobody new may join what is about to end. */
    g_ptr_array_remove(inquiry->agent->selector->inquiries, inquiry);
    g_cancellable_cancel(inquiry->cancellable);
}

/* Those who left before @leaving and say nothing that it does not say, too. */
static void
drop_alike(MeishiInquiry *inquiry, const MeishiWaiter *leaving)
{
    const char *group = leaving->call->connection_group;

    for (guint i = inquiry->waiters->len; i-- > 1;) {
        const MeishiWaiter *waiter = g_ptr_array_index(inquiry->waiters, i);

        if (waiter != leaving && !is_waiting(waiter) &&
            g_strcmp0(waiter->call->connection_group, group) == 0)
            g_ptr_array_remove_index(inquiry->waiters, i);
    }
}

static gboolean
on_timeout(gpointer user_data)
{
    MeishiWaiter *waiter = user_data;

    waiter->inquiry->is_awaited = TRUE;
    drop_alike(waiter->inquiry, waiter);
    meishi_waiter_tell(waiter, meishi_answer_new(MEISHI_RESULT_TIMED_OUT, MEISHI_CODE_NEEDS_USER,
                                                 "nobody answered in time"));
    return G_SOURCE_REMOVE;
}

static gboolean
on_cancelled(GCancellable *cancellable, gpointer user_data)
{
    MeishiWaiter *waiter = user_data;

    withdraw_without(waiter->inquiry, waiter);
    drop_alike(waiter->inquiry, waiter);
    meishi_waiter_fail(
        waiter, g_error_new(MEISHI_ERROR, MEISHI_ERROR_CANCELLED, "The request was cancelled."));
    return G_SOURCE_REMOVE;
}

/* ---- the world changes ----------------------------------------------------------------------- */

static gboolean
is_still_asked(const MeishiInquiry *inquiry, MeishiWaiter *waiter)
{
    g_autoptr(MeishiDecision) decision =
        meishi_decide(meishi_agent_world(inquiry->agent), waiter->call->request);

    if (decision->result == MEISHI_RESULT_PROMPT)
        return TRUE;
    if (is_waiting(waiter))
        meishi_selector_conclude(inquiry->agent, waiter, decision);
    return FALSE;
}

gboolean
meishi_inquiry_review(MeishiInquiry *inquiry)
{
    gboolean is_open = FALSE;

    for (guint i = 0; i < inquiry->waiters->len; i++) {
        MeishiWaiter *waiter = g_ptr_array_index(inquiry->waiters, i);

        if (is_waiting(waiter) || inquiry->is_awaited)
            is_open |= is_still_asked(inquiry, waiter);
    }
    if (is_open)
        return TRUE;
    g_ptr_array_remove(inquiry->agent->selector->inquiries, inquiry);
    meishi_prompters_withdraw(inquiry->agent->prompters, inquiry->cancellable);
    return FALSE;
}

/* ---- the end of the asking ------------------------------------------------------------------- */

static void
fail_all(GPtrArray *waiters, const GError *error)
{
    for (guint i = 0; i < waiters->len; i++) {
        MeishiWaiter *waiter = g_ptr_array_index(waiters, i);

        if (is_waiting(waiter))
            meishi_waiter_fail(waiter, g_error_copy(error));
    }
}

static void
tell_all(const MeishiInquiry *inquiry, GPtrArray *waiters, MeishiResult result)
{
    for (guint i = 0; i < waiters->len; i++) {
        MeishiWaiter *waiter = g_ptr_array_index(waiters, i);
        MeishiAnswer *answer;

        if (!is_waiting(waiter))
            continue;
        answer = meishi_answer_new(result, MEISHI_CODE_NEEDS_USER, inquiry->row);
        if (result == MEISHI_RESULT_NO_AGENT)
            answer->question = g_variant_ref(inquiry->question);
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

static void
answer_all(MeishiAgent *agent, GPtrArray *waiters, const MeishiPersonAnswer *said)
{
    gint64 choice_id = meishi_selector_remember(agent, waiters, said);

    while (waiters->len > 0) {
        MeishiWaiter *waiter = g_ptr_array_steal_index(waiters, 0);

        waiter->inquiry = NULL;
        if (is_waiting(waiter))
            settle(agent, waiter, said, choice_id);
        else
            meishi_waiter_free(waiter);
    }
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

    if (reply == MEISHI_REPLY_NOBODY)
        tell_nobody(inquiry, waiters);
    else if (reply == MEISHI_REPLY_ANSWERED && read_answer(inquiry, dict, &said))
        answer_all(inquiry->agent, waiters, &said);
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

static void
on_asked(GObject *source, GAsyncResult *result, gpointer user_data)
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
    inquiry_free(inquiry);
}

/* ---- asking ---------------------------------------------------------------------------------- */

/* A program that has a prompter of its own (a command in a terminal) is asked there, and does not
 * share a question that is open elsewhere. */
static char *
make_key(MeishiAgent *agent, const MeishiSelectCall *call, const MeishiDecision *decision)
{
    g_autofree char *key =
        meishi_decision_coalesce_key(decision, meishi_agent_world(agent), call->request);

    if (meishi_prompters_has_own(agent->prompters, call->owner))
        return g_strdup_printf("%s %p", key, call->owner);
    return g_steal_pointer(&key);
}

static MeishiInquiry *
find_open(MeishiAgent *agent, const char *key)
{
    GPtrArray *inquiries = agent->selector->inquiries;

    for (guint i = 0; i < inquiries->len; i++) {
        MeishiInquiry *inquiry = g_ptr_array_index(inquiries, i);

        if (g_str_equal(inquiry->key, key))
            return inquiry;
    }
    return NULL;
}

static guint
count_open(MeishiAgent *agent, const char *application)
{
    GPtrArray *inquiries = agent->selector->inquiries;
    guint n = 0;

    for (guint i = 0; i < inquiries->len; i++) {
        const MeishiInquiry *inquiry = g_ptr_array_index(inquiries, i);
        const MeishiWaiter *first = g_ptr_array_index(inquiry->waiters, 0);

        n += g_strcmp0(first->call->request->application, application) == 0;
    }
    return n;
}

/* May @call wait for @inquiry, or, where that is NULL, for a new one? */
static gboolean
check_room(MeishiAgent *agent, const MeishiSelectCall *call, const MeishiInquiry *inquiry,
           GError **error)
{
    if (inquiry == NULL && count_open(agent, call->request->application) >= MAX_PER_APPLICATION) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_BUSY,
                    "%u questions of this program wait for an answer already.",
                    MAX_PER_APPLICATION);
        return FALSE;
    }
    if (inquiry == NULL || inquiry->waiters->len < MAX_WAITERS)
        return TRUE;
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_BUSY,
                "%u requests of this program wait for the answer to this question already.",
                MAX_WAITERS);
    return FALSE;
}

static GHashTable *
collect_ids(const MeishiDecision *decision, const MeishiWorld *world)
{
    GHashTable *ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < decision->n_strong + decision->n_soft; i++) {
        guint index = decision->verdicts[i].index;

        g_hash_table_add(ids,
                         g_strdup(meishi_inventory_entry(world->inventory, index)->candidate->id));
    }
    return ids;
}

/* A button was pressed on the desktop, wherever the program itself runs. */
static gboolean
belongs_in_window(const MeishiSelectCall *call)
{
    return call->is_for_later || (call->parent_window != NULL && call->parent_window[0] != '\0');
}

static MeishiInquiry *
open_inquiry(MeishiAgent *agent, const MeishiWaiter *waiter, const MeishiDecision *decision)
{
    const MeishiAsker asker = {
        .owner = waiter->call->owner,
        .application = waiter->call->application,
        .has_window = belongs_in_window(waiter->call),
        .has_acted = waiter->call->request->user_activation,
    };
    const MeishiWorld *world = meishi_agent_world(agent);
    MeishiInquiry *inquiry = g_new0(MeishiInquiry, 1);

    inquiry->agent = agent;
    inquiry->key = make_key(agent, waiter->call, decision);
    inquiry->waiters = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_waiter_free);
    inquiry->ids = collect_ids(decision, world);
    inquiry->question = g_variant_ref_sink(
        meishi_question_facts_new(waiter->call, decision, world, waiter->deadline));
    inquiry->row = decision->row_text;
    inquiry->cancellable = g_cancellable_new();
    g_ptr_array_add(agent->selector->inquiries, inquiry);
    meishi_prompters_ask_async(agent->prompters, &asker, "choose", inquiry->question, OPEN_MS,
                               inquiry->cancellable, on_asked, inquiry);
    return inquiry;
}

void
meishi_inquiry_join(MeishiAgent *agent, MeishiWaiter *waiter, const MeishiDecision *decision)
{
    g_autofree char *key = make_key(agent, waiter->call, decision);
    MeishiInquiry *inquiry = find_open(agent, key);
    GError *error = NULL;

    if (!check_room(agent, waiter->call, inquiry, &error)) {
        meishi_waiter_fail(waiter, error);
        meishi_waiter_free(waiter);
        return;
    }
    if (inquiry == NULL)
        inquiry = open_inquiry(agent, waiter, decision);
    waiter->inquiry = inquiry;
    g_ptr_array_add(inquiry->waiters, waiter);
    meishi_waiter_watch(waiter, on_timeout, on_cancelled);
}

void
meishi_inquiry_ask_for_later(MeishiAgent *agent, MeishiSelectCall *call,
                             const MeishiDecision *decision)
{
    g_autoptr(MeishiWaiter) waiter = meishi_waiter_new(call, NULL);
    g_autofree char *key = make_key(agent, call, decision);
    MeishiInquiry *inquiry = find_open(agent, key);
    g_autoptr(GError) error = NULL;

    if (!check_room(agent, call, inquiry, &error)) {
        g_message("nothing is asked for the next time: %s", error->message);
        return;
    }
    if (inquiry == NULL)
        inquiry = open_inquiry(agent, waiter, decision);
    waiter->inquiry = inquiry;
    inquiry->is_awaited = TRUE; /* as by somebody who timed out */
    g_ptr_array_add(inquiry->waiters, g_steal_pointer(&waiter));
}
