/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiBus: the doors and who came through them.  Holds one door per private connection and one
 * for the session bus; decides nothing about certificates.  Everything is on the main loop.
 */
#include "daemon/bus/bus.h"

#include "daemon/bus/door.h"
#include "daemon/bus/error.h"
#include "daemon/bus/private-socket.h"
#include "daemon/bus/session.h"

#define MAX_CONNECTIONS 64
#define FAREWELL_MS     500

struct MeishiBus {
    MeishiDoorContext context;
    MeishiPrivateSocket *socket;
    MeishiSession *session;
    GHashTable *doors; /* GDBusConnection (not referenced) to MeishiDoor */
};

static void
on_closed(GDBusConnection *connection, gboolean vanished, GError *error, gpointer user_data)
{
    MeishiBus *bus = user_data;

    g_signal_handlers_disconnect_by_data(connection, bus);
    g_hash_table_remove(bus->doors, connection);
}

static void
on_connection(GDBusConnection *connection, gpointer user_data)
{
    MeishiBus *bus = user_data;
    g_autoptr(GError) error = NULL;
    MeishiDoor *door = NULL;

    meishi_session_connect(bus->session);
    if (g_hash_table_size(bus->doors) >= MAX_CONNECTIONS)
        g_message("refused a connection: %d are open already", MAX_CONNECTIONS);
    else if ((door = meishi_door_new(&bus->context, connection, &error)) == NULL)
        g_debug("a connection was gone before it was served: %s", error->message);
    if (door == NULL) {
        g_dbus_connection_close(connection, NULL, NULL, NULL);
        return;
    }
    g_hash_table_insert(bus->doors, connection, door);
    g_signal_connect(connection, "closed", G_CALLBACK(on_closed), bus);
    g_dbus_connection_start_message_processing(connection);
}

MeishiBus *
meishi_bus_new(MeishiAgent *agent, int listen_fd, const MeishiBusStats *stats, GError **error)
{
    MeishiBus *bus = g_new0(MeishiBus, 1);

    meishi_bus_error_register();
    bus->context.agent = g_object_ref(agent);
    bus->context.stats = *stats;
    bus->doors = g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)meishi_door_free);
    bus->socket = meishi_private_socket_new(listen_fd, on_connection, bus, error);
    if (bus->socket == NULL) {
        meishi_bus_free(bus);
        return NULL;
    }
    bus->session = meishi_session_new(&bus->context);
    return bus;
}

void
meishi_bus_on_quit(MeishiBus *bus, GSourceFunc quit, gpointer user_data)
{
    bus->context.quit = quit;
    bus->context.quit_data = user_data;
}

/* ---- the last words -------------------------------------------------------------------------- */

/* Outlives its maker where a peer does not read what it is sent. */
typedef struct {
    guint n_left;
} Farewell;

static void
on_flushed(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Farewell *farewell = user_data;

    (void)g_dbus_connection_flush_finish(G_DBUS_CONNECTION(source), result, NULL);
    farewell->n_left--;
    g_rc_box_release(farewell);
}

static gboolean
on_too_slow(gpointer user_data)
{
    *(gboolean *)user_data = TRUE;
    return G_SOURCE_REMOVE;
}

/* Waits until @connections have taken what they were sent last, but not for long. */
static void
flush(GPtrArray *connections)
{
    g_autoptr(GMainContext) context = g_main_context_new();
    g_autoptr(GSource) timer = g_timeout_source_new(FAREWELL_MS);
    Farewell *farewell = g_rc_box_new0(Farewell);
    gboolean is_over = FALSE;

    g_main_context_push_thread_default(context);
    g_source_set_callback(timer, on_too_slow, &is_over, NULL);
    g_source_attach(timer, context);
    for (guint i = 0; i < connections->len; i++) {
        farewell->n_left++;
        g_dbus_connection_flush(connections->pdata[i], NULL, on_flushed,
                                g_rc_box_acquire(farewell));
    }
    while (farewell->n_left > 0 && !is_over)
        g_main_context_iteration(context, TRUE);
    g_source_destroy(timer);
    g_main_context_pop_thread_default(context);
    g_rc_box_release(farewell);
}

static void
close_doors(MeishiBus *bus)
{
    g_autoptr(GPtrArray) connections = g_ptr_array_new_with_free_func(g_object_unref);
    GHashTableIter iter;
    gpointer connection;

    g_hash_table_iter_init(&iter, bus->doors);
    while (g_hash_table_iter_next(&iter, &connection, NULL)) {
        g_signal_handlers_disconnect_by_data(connection, bus);
        g_ptr_array_add(connections, g_object_ref(connection));
    }
    g_hash_table_unref(bus->doors);
    flush(connections);
}

void
meishi_bus_free(MeishiBus *bus)
{
    if (bus == NULL)
        return;
    meishi_private_socket_free(bus->socket);
    meishi_session_free(bus->session);
    close_doors(bus);
    g_object_unref(bus->context.agent);
    g_free(bus);
}
