/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * An inquiry: one question to the person, and everybody who waits for its answer.  Parallel calls
 * of one program about one target with the same identities to choose from share it.
 *
 * It lives from the asking to the end of the asking, which prompters.h promises to come exactly
 * once.  Whoever was told something in the meantime (timeout, cancellation) stays in the list as
 * far as needed: the first of it says what the question was about, and one of each connection group
 * whom the answer is kept for.  The question is withdrawn when everybody has cancelled; where
 * somebody merely timed out it stays before the person, since an answer is good for the next
 * attempt.
 */
#include "daemon/agent/inquiry-private.h"

#include "daemon/base/error.h"

#define OPEN_MS             600000 /* how long a question stays open at most */
#define MAX_PER_APPLICATION 5
#define MAX_WAITERS         128 /* for one question, each with a request of its own */

void
meishi_inquiry_free(MeishiInquiry *inquiry)
{
    g_free(inquiry->key);
    g_ptr_array_unref(inquiry->waiters);
    g_hash_table_unref(inquiry->ids);
    g_hash_table_unref(inquiry->ready);
    g_variant_unref(inquiry->question);
    g_object_unref(inquiry->cancellable);
    g_free(inquiry);
}

void
meishi_inquiry_orphan(MeishiInquiry *inquiry)
{
    inquiry->agent = NULL;
}

gboolean
meishi_inquiry_is_waiting(const MeishiWaiter *waiter)
{
    return waiter->task != NULL;
}

/* ---- the world changes ----------------------------------------------------------------------- */

static gboolean
is_still_asked(const MeishiInquiry *inquiry, MeishiWaiter *waiter)
{
    g_autoptr(MeishiDecision) decision =
        meishi_decide(meishi_agent_world(inquiry->agent), waiter->call->request);

    if (decision->result == MEISHI_RESULT_PROMPT)
        return TRUE;
    if (meishi_inquiry_is_waiting(waiter))
        meishi_selector_conclude(inquiry->agent, waiter, decision);
    return FALSE;
}

gboolean
meishi_inquiry_review(MeishiInquiry *inquiry)
{
    gboolean is_open = FALSE;

    if (meishi_inquiry_take_card(inquiry))
        return FALSE;
    for (guint i = 0; i < inquiry->waiters->len; i++) {
        MeishiWaiter *waiter = g_ptr_array_index(inquiry->waiters, i);

        if (meishi_inquiry_is_waiting(waiter) || inquiry->is_kept_open)
            is_open |= is_still_asked(inquiry, waiter);
    }
    if (is_open)
        return TRUE;
    g_ptr_array_remove(inquiry->agent->selector->inquiries, inquiry);
    meishi_prompters_withdraw(inquiry->agent->prompters, inquiry->cancellable);
    return FALSE;
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

/* Of the first @n, best first. */
static GHashTable *
collect_ids(const MeishiDecision *decision, guint n, const MeishiWorld *world)
{
    GHashTable *ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < n; i++) {
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
        .begun = meishi_inquiry_begun,
        .extend = meishi_inquiry_extend,
    };
    const MeishiWorld *world = meishi_agent_world(agent);
    MeishiInquiry *inquiry = g_new0(MeishiInquiry, 1);

    inquiry->agent = agent;
    inquiry->key = make_key(agent, waiter->call, decision);
    inquiry->waiters = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_waiter_free);
    inquiry->ids = collect_ids(decision, decision->n_strong + decision->n_soft, world);
    inquiry->ready = collect_ids(decision, decision->n_strong, world);
    inquiry->is_for_card = decision->prompt == MEISHI_PROMPT_INSERT;
    inquiry->question = g_variant_ref_sink(
        meishi_question_facts_new(waiter->call, decision, world, waiter->deadline));
    inquiry->row = decision->row_text;
    if (decision->choice != NULL && decision->choice->ask_once)
        inquiry->ask_once = decision->choice->id;
    inquiry->cancellable = g_cancellable_new();
    inquiry->is_awaited = !waiter->call->is_for_later;
    inquiry->deadline = waiter->deadline;
    inquiry->ends_at = meishi_agent_now() + OPEN_MS / 1000;
    g_ptr_array_add(agent->selector->inquiries, inquiry);
    meishi_prompters_ask_async(agent->prompters, &asker, "choose", inquiry->question, OPEN_MS,
                               inquiry->cancellable, meishi_inquiry_on_asked, inquiry);
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
    meishi_waiter_watch(waiter, meishi_inquiry_on_timeout, meishi_inquiry_on_cancelled);
    meishi_inquiry_tell_time(inquiry);
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
        g_debug("nothing is asked for the next time: %s", error->message);
        return;
    }
    if (inquiry == NULL)
        inquiry = open_inquiry(agent, waiter, decision);
    waiter->inquiry = inquiry;
    inquiry->is_kept_open = TRUE; /* as by somebody who timed out */
    g_ptr_array_add(inquiry->waiters, g_steal_pointer(&waiter));
}
