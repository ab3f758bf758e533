/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiCall.  Every way out goes through finish_call(), so that nothing is answered twice and
 * nothing is kept longer than the answer.  The caller's end is seen on a private connection by its
 * closing and on the session bus by the loss of the caller's name.
 */
#include "daemon/bus/call.h"

#include "daemon/base/error.h"
#include "daemon/bus/receive.h"

#define RECEIVE_DEADLINE_MS 30000

struct MeishiCall {
    MeishiAgent *agent;
    GDBusMethodInvocation *invocation;
    GUnixFDList *fds;
    GCancellable *cancellable;
    gulong closed_id;
    guint watch_id;
    GPtrArray *items; /* MeishiReceiveItem */
    MeishiCallStep next;
    gpointer data;
    GDestroyNotify destroy_data;
};

static void
on_connection_closed(GDBusConnection *connection, gboolean vanished, GError *error, gpointer data)
{
    MeishiCall *call = data;

    g_cancellable_cancel(call->cancellable);
}

static void
on_caller_vanished(GDBusConnection *connection, const char *name, gpointer data)
{
    MeishiCall *call = data;

    g_cancellable_cancel(call->cancellable);
}

static void
watch_caller(MeishiCall *call)
{
    GDBusConnection *connection = g_dbus_method_invocation_get_connection(call->invocation);
    const char *sender = g_dbus_method_invocation_get_sender(call->invocation);

    call->closed_id =
        g_signal_connect(connection, "closed", G_CALLBACK(on_connection_closed), call);
    if (sender != NULL)
        call->watch_id =
            g_bus_watch_name_on_connection(connection, sender, G_BUS_NAME_WATCHER_FLAGS_NONE, NULL,
                                           on_caller_vanished, call, NULL);
}

MeishiCall *
meishi_call_new(MeishiAgent *agent, GDBusMethodInvocation *invocation, GUnixFDList *fds)
{
    MeishiCall *call = g_new0(MeishiCall, 1);

    call->agent = g_object_ref(agent);
    call->invocation = invocation;
    call->fds = fds != NULL ? g_object_ref(fds) : NULL;
    call->cancellable = g_cancellable_new();
    call->items = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_receive_item_free);
    watch_caller(call);
    return call;
}

/* The invocation is not ours any more: answering it gave it away. */
static void
finish_call(MeishiCall *call, GDBusConnection *connection)
{
    g_signal_handler_disconnect(connection, call->closed_id);
    if (call->watch_id != 0)
        g_bus_unwatch_name(call->watch_id);
    if (call->destroy_data != NULL)
        call->destroy_data(call->data);
    g_ptr_array_unref(call->items);
    g_object_unref(call->cancellable);
    g_clear_object(&call->fds);
    g_object_unref(call->agent);
    g_free(call);
}

MeishiAgent *
meishi_call_agent(MeishiCall *call)
{
    return call->agent;
}

GCancellable *
meishi_call_cancellable(MeishiCall *call)
{
    return call->cancellable;
}

GVariant *
meishi_call_parameters(MeishiCall *call)
{
    return g_dbus_method_invocation_get_parameters(call->invocation);
}

void
meishi_call_set_data(MeishiCall *call, gpointer data, GDestroyNotify destroy)
{
    call->data = data;
    call->destroy_data = destroy;
}

gpointer
meishi_call_data(MeishiCall *call)
{
    return call->data;
}

/* ---- descriptors ---------------------------------------------------------------------------- */

gboolean
meishi_call_expect(MeishiCall *call, const char *name, gint handle, gsize max, GError **error)
{
    MeishiReceiveItem *item = meishi_receive_item_new(name, call->fds, handle, max, error);

    if (item == NULL)
        return FALSE;
    g_ptr_array_add(call->items, item);
    return TRUE;
}

static void
on_received(GObject *source, GAsyncResult *result, gpointer user_data)
{
    MeishiCall *call = user_data;
    GError *error = NULL;

    if (meishi_receive_finish(result, &error))
        call->next(call);
    else
        meishi_call_fail(call, error);
}

void
meishi_call_receive(MeishiCall *call, MeishiCallStep next)
{
    call->next = next;
    meishi_receive_async(call->items, RECEIVE_DEADLINE_MS, call->cancellable, on_received, call);
}

static MeishiReceiveItem *
find_item(MeishiCall *call, const char *name)
{
    for (guint i = 0; i < call->items->len; i++) {
        MeishiReceiveItem *item = call->items->pdata[i];

        if (g_str_equal(item->name, name))
            return item;
    }
    return NULL;
}

MeishiSecret *
meishi_call_secret(MeishiCall *call, const char *name)
{
    MeishiReceiveItem *item = find_item(call, name);

    return item != NULL ? item->content : NULL;
}

GBytes *
meishi_call_bytes(MeishiCall *call, const char *name)
{
    MeishiReceiveItem *item = find_item(call, name);

    return item != NULL ? meishi_receive_item_bytes(item) : NULL;
}

GPtrArray *
meishi_call_items(MeishiCall *call)
{
    return call->items;
}

int
meishi_call_dup_fd(MeishiCall *call, gint handle, GError **error)
{
    if (call->fds != NULL && handle >= 0 && handle < g_unix_fd_list_get_length(call->fds))
        return g_unix_fd_list_get(call->fds, handle, error);
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT,
                "The message carries no descriptor to write to");
    return -1;
}

/* ---- the ends ------------------------------------------------------------------------------- */

static MeishiErrorCode
own_code(const GError *error)
{
    if (error->domain == MEISHI_ERROR)
        return (MeishiErrorCode)error->code;
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return MEISHI_ERROR_CANCELLED;
    return MEISHI_ERROR_FAILED;
}

/* Errors of GIO that come through the agent have a code of ours; the rest is Failed.  A message may
 * name a file, which is called as it likes; on the bus it has to be UTF-8. */
static GError *
to_own_domain(GError *error)
{
    g_autofree char *message = g_utf8_make_valid(error->message, -1);
    GError *own = g_error_new_literal(MEISHI_ERROR, (int)own_code(error), message);

    g_error_free(error);
    return own;
}

void
meishi_call_return(MeishiCall *call, GVariant *value)
{
    GDBusMethodInvocation *invocation = call->invocation;
    g_autoptr(GDBusConnection) connection =
        g_object_ref(g_dbus_method_invocation_get_connection(invocation));

    g_dbus_method_invocation_return_value(invocation, value);
    finish_call(call, connection);
}

void
meishi_call_fail(MeishiCall *call, GError *error)
{
    GDBusMethodInvocation *invocation = call->invocation;
    g_autoptr(GDBusConnection) connection =
        g_object_ref(g_dbus_method_invocation_get_connection(invocation));

    meishi_call_answer(invocation, FALSE, error);
    finish_call(call, connection);
}

void
meishi_call_end(MeishiCall *call, gboolean ok, GError *error)
{
    if (ok)
        meishi_call_return(call, NULL);
    else
        meishi_call_fail(call, error);
}

void
meishi_call_answer(GDBusMethodInvocation *invocation, gboolean ok, GError *error)
{
    if (ok)
        g_dbus_method_invocation_return_value(invocation, NULL);
    else
        g_dbus_method_invocation_take_error(invocation, to_own_domain(error));
}
