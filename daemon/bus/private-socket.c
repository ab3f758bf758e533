/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Accepts on a descriptor that systemd or meishi_listen() made; GDBusServer cannot take one over.
 * The kernel says who is there before a byte is read; then GDBus authenticates as a server, with
 * EXTERNAL alone and under a deadline, because until then a client holds a thread of GIO's.  Those
 * are few, and much else runs in them: so only some authenticate at a time, and who comes meanwhile
 * waits in the kernel.  A process that holds many of these places, or one for long, loses one.
 */
#include "daemon/bus/private-socket.h"

#include "daemon/base/error.h"
#include "daemon/bus/caller.h"

#include <gio/gunixconnection.h>
#include <unistd.h>

#define AUTHENTICATION_LIMIT_MS 10000
#define MAX_ARRIVALS            6    /* GIO has ten threads to begin with */
#define CROWDED_LIMIT_MS        1000 /* to authenticate while others wait */

struct MeishiPrivateSocket {
    GSocketService *service;
    GDBusAuthObserver *observer;
    char *guid;
    GQueue arrivals; /* Arrival, oldest first */
    guint room_id;   /* looks for room again; 0 while there is some */
    MeishiPrivateSocketCallback callback;
    gpointer user_data;
};

/* One client that authenticates. */
typedef struct {
    MeishiPrivateSocket *listener; /* NULL: given up */
    GList link;
    MeishiApplication *application;
    GCancellable *cancellable;
    guint timeout_id;
    gint64 since; /* monotonic, microseconds */
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

/* It ends when GDBus has noticed. */
static void
give_up(Arrival *arrival)
{
    g_queue_unlink(&arrival->listener->arrivals, &arrival->link);
    arrival->listener = NULL;
    g_clear_handle_id(&arrival->timeout_id, g_source_remove);
    g_cancellable_cancel(arrival->cancellable);
}

static guint
count_places(MeishiPrivateSocket *listener, const MeishiApplication *application)
{
    guint n = 0;

    for (GList *link = listener->arrivals.head; link != NULL; link = link->next)
        n += ((const Arrival *)link->data)->application->pid == application->pid;
    return n;
}

/* The oldest of the process with the most places, if it has more than a program needs. */
static Arrival *
find_crowd(MeishiPrivateSocket *listener)
{
    Arrival *found = NULL;
    guint most = 2;

    for (GList *link = listener->arrivals.head; link != NULL; link = link->next) {
        Arrival *arrival = link->data;
        guint n = count_places(listener, arrival->application);

        if (n > most) {
            most = n;
            found = arrival;
        }
    }
    return found;
}

static void look_for_room(MeishiPrivateSocket *listener);

static gboolean
on_crowded(gpointer user_data)
{
    MeishiPrivateSocket *listener = user_data;

    listener->room_id = 0;
    look_for_room(listener);
    return G_SOURCE_REMOVE;
}

/* Accepts on, or not before there is room. */
static void
look_for_room(MeishiPrivateSocket *listener)
{
    Arrival *oldest = g_queue_peek_head(&listener->arrivals);
    gint64 left_ms = 0;

    if (listener->arrivals.length >= MAX_ARRIVALS) {
        Arrival *crowd = find_crowd(listener);

        left_ms = CROWDED_LIMIT_MS - (g_get_monotonic_time() - oldest->since) / 1000;
        if (crowd != NULL || left_ms <= 0)
            give_up(crowd != NULL ? crowd : oldest);
    }
    g_clear_handle_id(&listener->room_id, g_source_remove);
    if (listener->arrivals.length < MAX_ARRIVALS) {
        g_socket_service_start(listener->service);
        return;
    }
    g_socket_service_stop(listener->service);
    listener->room_id = g_timeout_add((guint)left_ms, on_crowded, listener);
}

static gboolean
on_too_slow(gpointer user_data)
{
    Arrival *arrival = user_data;
    MeishiPrivateSocket *listener = arrival->listener;

    arrival->timeout_id = 0;
    give_up(arrival);
    look_for_room(listener);
    return G_SOURCE_REMOVE;
}

/* Takes @application over. */
static Arrival *
new_arrival(MeishiPrivateSocket *listener, MeishiApplication *application)
{
    Arrival *arrival = g_new0(Arrival, 1);

    arrival->listener = listener;
    arrival->application = application;
    arrival->cancellable = g_cancellable_new();
    arrival->timeout_id = g_timeout_add(AUTHENTICATION_LIMIT_MS, on_too_slow, arrival);
    arrival->since = g_get_monotonic_time();
    arrival->link.data = arrival;
    g_queue_push_tail_link(&listener->arrivals, &arrival->link);
    return arrival;
}

static void
on_authenticated(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Arrival *arrival = user_data;
    MeishiPrivateSocket *listener = arrival->listener;
    g_autoptr(GDBusConnection) connection = g_dbus_connection_new_finish(result, NULL);

    g_clear_handle_id(&arrival->timeout_id, g_source_remove);
    if (listener != NULL) {
        g_queue_unlink(&listener->arrivals, &arrival->link);
        look_for_room(listener);
    }
    if (listener != NULL && connection != NULL) {
        meishi_caller_admit(connection, arrival->application);
        listener->callback(connection, listener->user_data);
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
    look_for_room(listener);
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
    g_queue_init(&listener->arrivals);
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
    g_clear_handle_id(&listener->room_id, g_source_remove);
    while (!g_queue_is_empty(&listener->arrivals))
        give_up(g_queue_peek_head(&listener->arrivals));
    g_signal_handlers_disconnect_by_data(listener->service, listener);
    g_socket_service_stop(listener->service);
    g_socket_listener_close(G_SOCKET_LISTENER(listener->service));
    g_object_unref(listener->service);
    g_object_unref(listener->observer);
    g_free(listener->guid);
    g_free(listener);
}
