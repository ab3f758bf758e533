/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiRequestObject.  It lives until the agent's selection ends, which cancelling only hastens;
 * whether anybody is still to be told is a flag.  The method's reply waits for one turn of the main
 * loop, so that what fails at once fails the call, and so that no Response comes before it.
 */
#include "daemon/bus/request-object.h"

#include "daemon/base/error.h"
#include "daemon/bus/agent1.h"
#include "daemon/bus/call.h"
#include "daemon/bus/caller.h"
#include "daemon/bus/decision-report.h"

#define INTERFACE "org.meishi.Agent1.Request"

struct MeishiRequestObject {
    GDBusConnection *connection;
    char *sender; /* NULL on a private connection */
    char *path;
    MeishiBusRequest *skeleton;
    GDBusMethodInvocation *invocation; /* of SelectIdentity; NULL once it is answered */
    guint reply_source;
    guint watch_id;
    MeishiAgent *agent;
    GCancellable *cancellable;
    gboolean is_abandoned;
    MeishiRequestOver over;
    gpointer user_data;
};

/* Refuses whoever is not. */
static gboolean
is_callers_own(const MeishiRequestObject *request, GDBusMethodInvocation *invocation)
{
    const char *sender = g_dbus_method_invocation_get_sender(invocation);

    if (g_strcmp0(sender, request->sender) == 0)
        return TRUE;
    g_dbus_method_invocation_return_error(invocation, MEISHI_ERROR, MEISHI_ERROR_DENIED,
                                          "This request is somebody else's");
    return FALSE;
}

static gboolean
on_update(MeishiBusRequest *skeleton, GDBusMethodInvocation *invocation, guint timeout_ms,
          gpointer user_data)
{
    MeishiRequestObject *request = user_data;
    GError *error = NULL;
    gboolean ok;

    if (!is_callers_own(request, invocation))
        return TRUE;
    ok = meishi_agent_set_patience(request->agent, request->cancellable, timeout_ms, &error);
    meishi_call_answer(invocation, ok, error);
    return TRUE;
}

static gboolean
on_cancel(MeishiBusRequest *skeleton, GDBusMethodInvocation *invocation, gpointer user_data)
{
    MeishiRequestObject *request = user_data;

    if (!is_callers_own(request, invocation))
        return TRUE;
    meishi_bus_request_complete_cancel(skeleton, invocation);
    g_cancellable_cancel(request->cancellable); /* may end and free @request */
    return TRUE;
}

static gboolean
export_object(MeishiRequestObject *request, GError **error)
{
    GDBusInterfaceSkeleton *skeleton = G_DBUS_INTERFACE_SKELETON(request->skeleton);
    g_autoptr(GError) why = NULL;

    if (g_dbus_interface_skeleton_export(skeleton, request->connection, request->path, &why))
        return TRUE;
    if (g_error_matches(why, G_IO_ERROR, G_IO_ERROR_EXISTS))
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_EXISTS,
                    "There is a request under this token already: take another one");
    else
        g_propagate_error(error, g_steal_pointer(&why));
    return FALSE;
}

static void
free_request(MeishiRequestObject *request)
{
    GDBusInterfaceSkeleton *skeleton = G_DBUS_INTERFACE_SKELETON(request->skeleton);

    g_clear_handle_id(&request->reply_source, g_source_remove);
    if (request->watch_id != 0)
        g_bus_unwatch_name(request->watch_id);
    g_signal_handlers_disconnect_by_data(skeleton, request);
    if (g_dbus_interface_skeleton_get_object_path(skeleton) != NULL)
        g_dbus_interface_skeleton_unexport(skeleton);
    g_object_unref(request->skeleton);
    g_object_unref(request->cancellable);
    g_object_unref(request->connection);
    g_clear_object(&request->agent);
    g_free(request->sender);
    g_free(request->path);
    g_free(request);
}

MeishiRequestObject *
meishi_request_object_new(GDBusMethodInvocation *invocation, const char *path, GError **error)
{
    MeishiRequestObject *request = g_new0(MeishiRequestObject, 1);

    request->connection = g_object_ref(g_dbus_method_invocation_get_connection(invocation));
    request->sender = g_strdup(g_dbus_method_invocation_get_sender(invocation));
    request->path = g_strdup(path);
    request->cancellable = g_cancellable_new();
    request->invocation = invocation;
    request->skeleton = meishi_bus_request_skeleton_new();
    g_signal_connect(request->skeleton, "handle-cancel", G_CALLBACK(on_cancel), request);
    g_signal_connect(request->skeleton, "handle-update", G_CALLBACK(on_update), request);
    meishi_caller_guard(G_DBUS_INTERFACE_SKELETON(request->skeleton));
    if (export_object(request, error))
        return request;
    free_request(request);
    return NULL;
}

/* ---- answering ------------------------------------------------------------------------------- */

static void
reply(MeishiRequestObject *request)
{
    GDBusMethodInvocation *invocation = g_steal_pointer(&request->invocation);

    g_clear_handle_id(&request->reply_source, g_source_remove);
    if (invocation != NULL)
        g_dbus_method_invocation_return_value(invocation, g_variant_new("(o)", request->path));
}

static gboolean
on_idle(gpointer user_data)
{
    MeishiRequestObject *request = user_data;

    request->reply_source = 0;
    reply(request);
    return G_SOURCE_REMOVE;
}

/* To the caller alone: what was chosen for which server is nobody else's business. */
static void
respond(MeishiRequestObject *request, MeishiResult result, GVariant *results)
{
    g_autoptr(GVariant) body =
        g_variant_ref_sink(g_variant_new("(u@a{sv})", (guint)result, results));

    reply(request);
    g_dbus_connection_emit_signal(request->connection, request->sender, request->path, INTERFACE,
                                  "Response", body, NULL);
}

/* Too late to fail the call: the request is given up, and says why. */
static void
respond_failed(MeishiRequestObject *request, const GError *error)
{
    GVariantDict dict = G_VARIANT_DICT_INIT(NULL);
    MeishiResult result = MEISHI_RESULT_CANCELLED;

    g_variant_dict_insert(&dict, "result", "u", (guint)result);
    g_variant_dict_insert(&dict, "result-name", "s", meishi_result_name(result));
    g_variant_dict_insert(&dict, "message", "s", error->message);
    respond(request, result, g_variant_dict_end(&dict));
}

static gboolean
is_cancelled(const GError *error)
{
    return g_error_matches(error, MEISHI_ERROR, MEISHI_ERROR_CANCELLED) ||
           g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
tell(MeishiRequestObject *request, const MeishiAnswer *answer, GError *error)
{
    g_autoptr(GError) owned = error;

    if (answer != NULL)
        respond(request, answer->result, meishi_decision_report(request->agent, answer));
    else if (request->invocation != NULL && !is_cancelled(error))
        meishi_call_answer(g_steal_pointer(&request->invocation), FALSE, g_steal_pointer(&owned));
    else
        respond_failed(request, error);
}

static void
on_selected(GObject *source, GAsyncResult *result, gpointer user_data)
{
    MeishiRequestObject *request = user_data;
    GError *error = NULL;
    g_autoptr(MeishiAnswer) answer =
        meishi_agent_select_finish(MEISHI_AGENT(source), result, &error);

    if (request->is_abandoned) {
        g_clear_error(&error);
    } else {
        tell(request, answer, error);
        request->over(request, request->user_data);
    }
    free_request(request);
}

static void
on_caller_vanished(GDBusConnection *connection, const char *name, gpointer user_data)
{
    MeishiRequestObject *request = user_data;

    request->over(request, request->user_data);
    meishi_request_object_abandon(request);
}

void
meishi_request_object_start(MeishiRequestObject *request, MeishiAgent *agent,
                            MeishiSelectCall *call, MeishiRequestOver over, gpointer user_data)
{
    request->agent = g_object_ref(agent);
    request->over = over;
    request->user_data = user_data;
    request->reply_source = g_idle_add(on_idle, request);
    if (request->sender != NULL)
        request->watch_id = g_bus_watch_name_on_connection(request->connection, request->sender,
                                                           G_BUS_NAME_WATCHER_FLAGS_NONE, NULL,
                                                           on_caller_vanished, request, NULL);
    meishi_agent_select_async(agent, call, request->cancellable, on_selected, request);
}

void
meishi_request_object_abandon(MeishiRequestObject *request)
{
    request->is_abandoned = TRUE;
    g_clear_handle_id(&request->watch_id, g_bus_unwatch_name);
    reply(request); /* an invocation has to be answered, whoever hears it */
    g_dbus_interface_skeleton_unexport(G_DBUS_INTERFACE_SKELETON(request->skeleton));
    g_cancellable_cancel(request->cancellable); /* may end and free @request */
}

void
meishi_request_object_give_up(MeishiRequestObject *request)
{
    g_autoptr(GError) error =
        g_error_new_literal(MEISHI_ERROR, MEISHI_ERROR_CANCELLED, "meishid is ending.");

    respond_failed(request, error);
    meishi_request_object_abandon(request);
}

const char *
meishi_request_object_sender(const MeishiRequestObject *request)
{
    return request->sender;
}
