/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Our name and objects on the session bus.  The bus is a convenience: without one, with a dead one
 * or with somebody else's, the private socket does all the work and nothing is logged as an error.
 * A bus is never started (autolaunch): a daemon that spawns dbus-launch is nobody's wish.
 */
#include "daemon/bus/session.h"

#include "daemon/agent/selector.h"
#include "daemon/bus/notifier.h"
#include "daemon/bus/prompter-start.h"
#include "daemon/bus/screen.h"

#include <unistd.h>

struct MeishiSession {
    const MeishiDoorContext *context;
    GCancellable *connecting; /* NULL unless under way */
    MeishiDoor *door;
    MeishiPrompterStarter *starter;
    MeishiNotifier *notifier;
    guint name_id;
    gulong closed_id;
};

/* $DBUS_SESSION_BUS_ADDRESS, else the socket of the user's bus, as sd_bus_default_user() does. */
static char *
find_address(void)
{
    const char *address = g_getenv("DBUS_SESSION_BUS_ADDRESS");
    const char *runtime = g_getenv("XDG_RUNTIME_DIR");
    g_autofree char *path = runtime != NULL ? g_build_filename(runtime, "bus", NULL) : NULL;
    g_autofree char *escaped = NULL;

    if (address != NULL && address[0] != '\0')
        return g_strdup(address);
    if (path == NULL || !g_file_test(path, G_FILE_TEST_EXISTS))
        return NULL;
    escaped = g_dbus_address_escape_value(path);
    return g_strdup_printf("unix:path=%s", escaped);
}

static void
drop_door(MeishiSession *session)
{
    if (session->door == NULL)
        return;
    g_signal_handler_disconnect(meishi_door_connection(session->door), session->closed_id);
    meishi_prompter_starter_set_bus(session->starter, NULL);
    g_clear_pointer(&session->notifier, meishi_notifier_free);
    /* Before the name: what the door says in the end counts as ours.  Giving the name back waits
     * for the bus, so all of it has left then. */
    g_clear_pointer(&session->door, meishi_door_free);
    g_bus_unown_name(session->name_id);
}

static void
on_closed(GDBusConnection *connection, gboolean vanished, GError *error, gpointer user_data)
{
    g_debug("the session bus is gone: %s", error != NULL ? error->message : "closed");
    drop_door(user_data);
}

static void
on_name_lost(GDBusConnection *connection, const char *name, gpointer user_data)
{
    if (connection != NULL && !g_dbus_connection_is_closed(connection))
        g_message("somebody else is %s on the session bus; serving the private socket alone", name);
}

/* A bus of another user's (a root shell that kept the environment) would show our certificates to
 * that user. */
static gboolean
is_own_bus(GDBusConnection *connection)
{
    GIOStream *stream = g_dbus_connection_get_stream(connection);
    g_autoptr(GCredentials) credentials = NULL;

    /* The connection itself knows its peer's credentials only where it is the server. */
    if (G_IS_SOCKET_CONNECTION(stream))
        credentials = g_socket_get_credentials(
            g_socket_connection_get_socket(G_SOCKET_CONNECTION(stream)), NULL);
    return credentials != NULL && g_credentials_get_unix_user(credentials, NULL) == getuid();
}

static void
open_door(MeishiSession *session, GDBusConnection *connection)
{
    g_autoptr(GError) error = NULL;

    meishi_screen_bus(connection);
    session->door = meishi_door_new(session->context, connection, &error);
    if (session->door == NULL) {
        g_warning("cannot serve the session bus: %s", error->message);
        return;
    }
    session->closed_id = g_signal_connect(connection, "closed", G_CALLBACK(on_closed), session);
    /* Before the name: whoever finds us is told the truth about AgentAvailable. */
    meishi_prompter_starter_set_bus(session->starter, connection);
    session->notifier =
        meishi_notifier_new(meishi_agent_notices(session->context->agent), connection);
    session->name_id =
        g_bus_own_name_on_connection(connection, MEISHI_BUS_NAME, G_BUS_NAME_OWNER_FLAGS_NONE, NULL,
                                     on_name_lost, session, NULL);
}

static void
on_connected(GObject *source, GAsyncResult *result, gpointer user_data)
{
    MeishiSession *session = user_data;
    g_autoptr(GError) error = NULL;
    g_autoptr(GDBusConnection) connection =
        g_dbus_connection_new_for_address_finish(result, &error);

    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return; /* the session is freed */
    g_clear_object(&session->connecting);
    if (connection == NULL)
        g_debug("no session bus: %s", error->message);
    else if (!is_own_bus(connection))
        g_message("the session bus belongs to another user; serving the private socket alone");
    else
        open_door(session, connection);
    if (session->door == NULL)
        meishi_prompter_starter_set_bus(session->starter, NULL);
}

void
meishi_session_connect(MeishiSession *session)
{
    g_autofree char *address = find_address();

    if (address == NULL || session->door != NULL || session->connecting != NULL)
        return;
    session->connecting = g_cancellable_new();
    meishi_prompter_starter_expect_bus(session->starter);
    g_dbus_connection_new_for_address(address,
                                      G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                          G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                      NULL, session->connecting, on_connected, session);
}

MeishiSession *
meishi_session_new(const MeishiDoorContext *context)
{
    MeishiSession *session = g_new0(MeishiSession, 1);

    session->context = context;
    session->starter = meishi_prompter_starter_new(context->agent);
    meishi_session_connect(session);
    return session;
}

void
meishi_session_free(MeishiSession *session)
{
    if (session == NULL)
        return;
    if (session->connecting != NULL)
        g_cancellable_cancel(session->connecting);
    g_clear_object(&session->connecting);
    drop_door(session);
    meishi_prompter_starter_free(session->starter);
    g_free(session);
}
