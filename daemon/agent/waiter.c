/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Somebody who called and is to be told something, once.  What that is, is decided elsewhere.
 */
#include "daemon/agent/selector-private.h"

#include "daemon/base/source.h"

#define TIMEOUT_DEFAULT 60000

MeishiSelectCall *
meishi_select_call_copy(const MeishiSelectCall *call)
{
    MeishiSelectCall *copy = g_new0(MeishiSelectCall, 1);

    copy->request = meishi_request_copy(call->request);
    copy->application = meishi_application_ref(call->application);
    copy->says_verified = call->says_verified;
    copy->server_cert = call->server_cert != NULL ? meishi_cert_ref(call->server_cert) : NULL;
    copy->claimed_application = g_strdup(call->claimed_application);
    return copy;
}

void
meishi_select_call_free(MeishiSelectCall *call)
{
    if (call == NULL)
        return;
    meishi_request_free(call->request);
    meishi_application_unref(call->application);
    meishi_cert_unref(call->server_cert);
    g_free(call->connection_group);
    g_free(call->claimed_application);
    g_free(call->parent_window);
    g_free(call->tty);
    g_free(call);
}

MeishiWaiter *
meishi_waiter_new(MeishiSelectCall *call, GTask *task)
{
    MeishiWaiter *waiter = g_new0(MeishiWaiter, 1);

    waiter->is_patient = call->timeout_ms == 0;
    if (call->timeout_ms == 0)
        call->timeout_ms = TIMEOUT_DEFAULT;
    call->timeout_ms = MIN(call->timeout_ms, MEISHI_SELECT_MAX_TIMEOUT_MS);
    waiter->call = call;
    waiter->task = task;
    waiter->deadline = meishi_agent_now() + call->timeout_ms / 1000;
    return waiter;
}

void
meishi_waiter_free(MeishiWaiter *waiter)
{
    meishi_source_clear(&waiter->timer);
    meishi_source_clear(&waiter->cancel);
    g_clear_object(&waiter->task);
    meishi_select_call_free(waiter->call);
    g_free(waiter);
}

/* What waits for the time and the caller waits for nothing any more. */
static GTask *
take_task(MeishiWaiter *waiter)
{
    meishi_source_clear(&waiter->timer);
    meishi_source_clear(&waiter->cancel);
    return g_steal_pointer(&waiter->task);
}

void
meishi_waiter_tell(MeishiWaiter *waiter, MeishiAnswer *answer)
{
    g_autoptr(GTask) task = take_task(waiter);

    g_task_return_pointer(task, answer, (GDestroyNotify)meishi_answer_free);
}

void
meishi_waiter_fail(MeishiWaiter *waiter, GError *error)
{
    g_autoptr(GTask) task = take_task(waiter);

    g_task_return_error(task, error);
}

void
meishi_waiter_watch(MeishiWaiter *waiter, GSourceFunc on_timeout,
                    GCancellableSourceFunc on_cancelled)
{
    GCancellable *cancellable = g_task_get_cancellable(waiter->task);
    GMainContext *context = g_task_get_context(waiter->task);

    if (waiter->timer != NULL)
        return;
    waiter->timer = g_timeout_source_new(waiter->call->timeout_ms);
    g_source_set_callback(waiter->timer, on_timeout, waiter, NULL);
    g_source_attach(waiter->timer, context);
    if (cancellable == NULL)
        return;
    waiter->cancel = g_cancellable_source_new(cancellable);
    g_source_set_callback(waiter->cancel, G_SOURCE_FUNC(on_cancelled), waiter, NULL);
    g_source_attach(waiter->cancel, context);
}

void
meishi_waiter_wait_for(MeishiWaiter *waiter, guint timeout_ms)
{
    waiter->deadline = meishi_agent_now() + timeout_ms / 1000;
    g_source_set_ready_time(waiter->timer,
                            g_get_monotonic_time() + timeout_ms * G_TIME_SPAN_MILLISECOND);
}

/* What is left is compared, not when it ends: the clock may have been set back meanwhile. */
void
meishi_waiter_wait_until(MeishiWaiter *waiter, gint64 deadline)
{
    gint64 now = meishi_agent_now();
    gint64 left =
        (g_source_get_ready_time(waiter->timer) - g_get_monotonic_time()) / G_USEC_PER_SEC;

    if (deadline - now > left)
        meishi_waiter_wait_for(waiter, (guint)CLAMP(deadline - now, 0, G_MAXINT / 1000) * 1000);
    else
        waiter->deadline = now + left;
}
