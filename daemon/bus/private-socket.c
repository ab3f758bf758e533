/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Accepts on a descriptor that systemd or meishi_listen() made; GDBusServer cannot take one over.
 * The kernel says who is there before a byte is read; then GDBus authenticates as a server, with
 * EXTERNAL alone and under a deadline, because until then a client holds a thread of GIO's.
 */
#include "daemon/bus/private-socket.h"

#include "daemon/base/error.h"
#include "daemon/bus/caller.h"

#include <gio/gunixconnection.h>
#include <unistd.h>

#define AUTHENTICATION_LIMIT_MS 10000

struct MeishiPrivateSocket {
    GSocketService *service;
    GDBusAuthObserver *observer;
    char *guid;
    GCancellable *cancellable;
    MeishiPrivateSocketCallback callback;
    gpointer user_data;
};

/* One client that authenticates. */
typedef struct {
    MeishiPrivateSocket *listener; /* not to be touched once @cancellable is cancelled */
    MeishiApplication *application;
    GCancellable *cancellable;
    gulong parent_id;
    guint timeout_id;
} Arrival;

static gboolean
on_allow_mechanism(GDBusAuthObserver *observer, const char *mechanism, gpointer unused)
{
    return g_str_equal(mechanism, "EXTERNAL");
}

/* NULL for whom we do not serve. */
static MeishiApplication *
identify(GSocketConnection *connection)
{
    GSocket *socket = g_socket_connection_get_socket(connection);
    g_autoptr(GError) error = NULL;
    MeishiApplication *application =
        meishi_application_new_for_socket(g_socket_get_fd(socket), &error);

    if (g_error_matches(error, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND))
        g_debug("a program connected and left: %s", error->message);
    else if (application == NULL)
        g_message("refused on the management socket: %s", error->message);
    return application;
}

static gboolean
on_too_slow(gpointer user_data)
{
    Arrival *arrival = user_data;

    arrival->timeout_id = 0;
    g_cancellable_cancel(arrival->cancellable);
    return G_SOURCE_REMOVE;
}

static void
on_listener_gone(GCancellable *parent, gpointer user_data)
{
    g_cancellable_cancel(user_data);
}

/* Takes @application over. */
static Arrival *
new_arrival(MeishiPrivateSocket *listener, MeishiApplication *application)
{
    Arrival *arrival = g_new0(Arrival, 1);

    arrival->listener = listener;
    arrival->application = application;
    arrival->cancellable = g_cancellable_new();
    arrival->parent_id = g_signal_connect_object(
        listener->cancellable, "cancelled", G_CALLBACK(on_listener_gone), arrival->cancellable, 0);
    arrival->timeout_id = g_timeout_add(AUTHENTICATION_LIMIT_MS, on_too_slow, arrival);
    return arrival;
}

static void
on_authenticated(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Arrival *arrival = user_data;
    g_autoptr(GDBusConnection) connection = g_dbus_connection_new_finish(result, NULL);

    if (arrival->timeout_id != 0)
        g_source_remove(arrival->timeout_id);
    if (!g_cancellable_is_cancelled(arrival->cancellable)) {
        MeishiPrivateSocket *listener = arrival->listener;

        g_signal_handler_disconnect(listener->cancellable, arrival->parent_id);
        if (connection != NULL) {
            meishi_caller_admit(connection, arrival->application);
            listener->callback(connection, listener->user_data);
        }
    }
    meishi_application_unref(arrival->application);
    g_object_unref(arrival->cancellable);
    g_free(arrival);
}

static gboolean
on_incoming(GSocketService *service, GSocketConnection *connection, GObject *source, gpointer data)
{
    MeishiPrivateSocket *listener = data;
    MeishiApplication *application = identify(connection);
    Arrival *arrival;

    if (application == NULL)
        return TRUE;
    arrival = new_arrival(listener, application);
    g_dbus_connection_new(G_IO_STREAM(connection), listener->guid,
                          G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_SERVER |
                              G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_REQUIRE_SAME_USER |
                              G_DBUS_CONNECTION_FLAGS_DELAY_MESSAGE_PROCESSING,
                          listener->observer, arrival->cancellable, on_authenticated, arrival);
    return TRUE;
}

static GSocket *
adopt(int fd, GError **error)
{
    GSocket *socket = g_socket_new_from_fd(fd, error);

    if (socket == NULL) {
        g_prefix_error(error, "Cannot listen for meishi: ");
        close(fd);
    }
    return socket;
}

MeishiPrivateSocket *
meishi_private_socket_new(int fd, MeishiPrivateSocketCallback callback, gpointer user_data,
                          GError **error)
{
    g_autoptr(GSocket) socket = adopt(fd, error);
    g_autoptr(GSocketService) service = NULL;
    MeishiPrivateSocket *listener;

    if (socket == NULL)
        return NULL;
    /* Registers the connection type that can pass descriptors. */
    g_type_ensure(G_TYPE_UNIX_CONNECTION);
    service = g_socket_service_new();
    if (!g_socket_listener_add_socket(G_SOCKET_LISTENER(service), socket, NULL, error))
        return NULL;
    listener = g_new0(MeishiPrivateSocket, 1);
    listener->service = g_steal_pointer(&service);
    listener->observer = g_dbus_auth_observer_new();
    listener->guid = g_dbus_generate_guid();
    listener->cancellable = g_cancellable_new();
    listener->callback = callback;
    listener->user_data = user_data;
    g_signal_connect(listener->observer, "allow-mechanism", G_CALLBACK(on_allow_mechanism), NULL);
    g_signal_connect(listener->service, "incoming", G_CALLBACK(on_incoming), listener);
    return listener;
}

void
meishi_private_socket_free(MeishiPrivateSocket *listener)
{
    if (listener == NULL)
        return;
    g_cancellable_cancel(listener->cancellable);
    g_signal_handlers_disconnect_by_data(listener->service, listener);
    g_socket_service_stop(listener->service);
    g_socket_listener_close(G_SOCKET_LISTENER(listener->service));
    g_object_unref(listener->service);
    g_object_unref(listener->observer);
    g_object_unref(listener->cancellable);
    g_free(listener->guid);
    g_free(listener);
}
