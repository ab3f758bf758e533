/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How long an inquiry is waited for, and who leaves when; see inquiry.c.  A caller that said how
 * long it waits is held to that; who left it to us waits for a person who wants more time.  The
 * person is told when nobody waits any more: the answer is for the next time then (3.9).
 */
#include "daemon/agent/inquiry-private.h"

#include "daemon/base/error.h"

/* ---- until when ------------------------------------------------------------------------------ */

/* When the most patient of those who wait gives up; 0: nobody waits. */
static gint64
find_deadline(const MeishiInquiry *inquiry)
{
    gint64 deadline = 0;

    for (guint i = 0; i < inquiry->waiters->len; i++) {
        const MeishiWaiter *waiter = g_ptr_array_index(inquiry->waiters, i);

        if (meishi_inquiry_is_waiting(waiter))
            deadline = MAX(deadline, waiter->deadline);
    }
    return deadline;
}

static void
tell(const MeishiInquiry *inquiry)
{
    GVariantDict dict = G_VARIANT_DICT_INIT(NULL);

    g_variant_dict_insert(&dict, "awaited", "b", inquiry->is_awaited);
    g_variant_dict_insert(&dict, "deadline", "x", inquiry->deadline);
    meishi_prompters_update(inquiry->agent->prompters, inquiry->cancellable,
                            g_variant_dict_end(&dict));
}

/* TRUE where it is another than prompters know. */
static gboolean
look_at_time(MeishiInquiry *inquiry)
{
    gint64 deadline = find_deadline(inquiry);
    gboolean is_awaited = deadline != 0;
    gboolean is_news;

    deadline = is_awaited ? MIN(deadline, inquiry->ends_at) : inquiry->ends_at;
    is_news = is_awaited != inquiry->is_awaited || deadline != inquiry->deadline;
    inquiry->is_awaited = is_awaited;
    inquiry->deadline = deadline;
    return is_news;
}

void
meishi_inquiry_tell_time(MeishiInquiry *inquiry)
{
    if (inquiry->agent != NULL && look_at_time(inquiry))
        tell(inquiry);
}

void
meishi_inquiry_begun(gpointer data)
{
    MeishiInquiry *inquiry = data;

    inquiry->was_shown = TRUE;
}

/* Whoever asks for time is told what came of it. */
void
meishi_inquiry_extend(gint64 deadline, gpointer data)
{
    MeishiInquiry *inquiry = data;

    for (guint i = 0; i < inquiry->waiters->len; i++) {
        MeishiWaiter *waiter = g_ptr_array_index(inquiry->waiters, i);

        if (meishi_inquiry_is_waiting(waiter) && waiter->is_patient)
            meishi_waiter_wait_until(waiter, deadline);
    }
    (void)look_at_time(inquiry);
    tell(inquiry);
}

static MeishiWaiter *
find_waiter(MeishiAgent *agent, const GCancellable *cancellable)
{
    GPtrArray *inquiries = agent->selector->inquiries;

    for (guint i = 0; i < inquiries->len; i++) {
        const MeishiInquiry *inquiry = g_ptr_array_index(inquiries, i);

        for (guint k = 0; k < inquiry->waiters->len; k++) {
            MeishiWaiter *waiter = g_ptr_array_index(inquiry->waiters, k);

            if (meishi_inquiry_is_waiting(waiter) &&
                g_task_get_cancellable(waiter->task) == cancellable)
                return waiter;
        }
    }
    return NULL;
}

gboolean
meishi_agent_set_patience(MeishiAgent *agent, const GCancellable *call, guint timeout_ms,
                          GError **error)
{
    MeishiWaiter *waiter = find_waiter(agent, call);

    if (timeout_ms == 0 || timeout_ms > MEISHI_SELECT_MAX_TIMEOUT_MS) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT,
                    "The time to wait has to be a number of milliseconds from 1 to %d.",
                    MEISHI_SELECT_MAX_TIMEOUT_MS);
        return FALSE;
    }
    if (waiter == NULL)
        return TRUE; /* it is about to be told */
    waiter->is_patient = FALSE;
    meishi_waiter_wait_for(waiter, timeout_ms);
    meishi_inquiry_tell_time(waiter->inquiry);
    return TRUE;
}

/* ---- leaving --------------------------------------------------------------------------------- */

/* Is @leaving the last who wants to know? */
static gboolean
is_last(const MeishiInquiry *inquiry, const MeishiWaiter *leaving)
{
    if (inquiry->is_kept_open)
        return FALSE;
    for (guint i = 0; i < inquiry->waiters->len; i++) {
        const MeishiWaiter *waiter = g_ptr_array_index(inquiry->waiters, i);

        if (waiter != leaving && meishi_inquiry_is_waiting(waiter))
            return FALSE;
    }
    return TRUE;
}

/* Nobody new may join what is about to end. */
static void
withdraw(MeishiInquiry *inquiry)
{
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

        if (waiter != leaving && !meishi_inquiry_is_waiting(waiter) &&
            g_strcmp0(waiter->call->connection_group, group) == 0)
            g_ptr_array_remove_index(inquiry->waiters, i);
    }
}

/* What the person has not seen yet is not kept for a late answer. */
gboolean
meishi_inquiry_on_timeout(gpointer user_data)
{
    MeishiWaiter *waiter = user_data;
    MeishiInquiry *inquiry = waiter->inquiry;

    inquiry->is_kept_open |= inquiry->was_shown;
    if (is_last(inquiry, waiter))
        withdraw(inquiry);
    drop_alike(inquiry, waiter);
    meishi_waiter_tell(waiter, meishi_answer_new(MEISHI_RESULT_TIMED_OUT, MEISHI_CODE_NEEDS_USER,
                                                 "nobody answered in time"));
    meishi_inquiry_tell_time(inquiry);
    return G_SOURCE_REMOVE;
}

static gboolean
is_of_context(const MeishiInquiry *inquiry, const char *context)
{
    const MeishiWaiter *first = g_ptr_array_index(inquiry->waiters, 0);
    const char *own = first->call->request->context;

    return own != NULL && own[0] != '\0' && (context == NULL || g_str_equal(own, context));
}

/* Whoever still waits is told when the question ends. */
void
meishi_inquiry_end_context(MeishiAgent *agent, const char *context)
{
    GPtrArray *inquiries = agent->selector->inquiries;

    for (guint i = inquiries->len; i-- > 0;) {
        MeishiInquiry *inquiry = g_ptr_array_index(inquiries, i);

        if (is_of_context(inquiry, context))
            withdraw(inquiry);
    }
}

gboolean
meishi_inquiry_on_cancelled(GCancellable *cancellable, gpointer user_data)
{
    MeishiWaiter *waiter = user_data;
    MeishiInquiry *inquiry = waiter->inquiry;
    gboolean was_last = is_last(inquiry, waiter);

    if (was_last)
        withdraw(inquiry);
    drop_alike(inquiry, waiter);
    meishi_waiter_fail(
        waiter, g_error_new(MEISHI_ERROR, MEISHI_ERROR_CANCELLED, "The request was cancelled."));
    if (!was_last)
        meishi_inquiry_tell_time(inquiry);
    return G_SOURCE_REMOVE;
}
