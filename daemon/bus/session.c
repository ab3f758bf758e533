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

/* D-Bus specification, "Message Bus Messages". */
#define BUS                 "org.freedesktop.DBus"
#define BUS_PATH            "/org/freedesktop/DBus"
#define NAME_FLAGS          0 /* in the queue, where somebody else has it */
#define REPLY_PRIMARY_OWNER 1
#define RELEASE_MS          2000

struct MeishiSession {
    const MeishiDoorContext *context;
    GCancellable *connecting; /* NULL unless under way */
    MeishiDoor *door;
    MeishiPrompterStarter *starter;
    MeishiNotifier *notifier;
    gulong closed_id;
};

/* ---- the name -------------------------------------------------------------------------------- */

static void
on_named(GObject *source, GAsyncResult *result, gpointer unused)
{
    GDBusConnection *connection = G_DBUS_CONNECTION(source);
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) reply = g_dbus_connection_call_finish(connection, result, &error);
    guint32 answer = REPLY_PRIMARY_OWNER;

    if (reply != NULL)
        g_variant_get(reply, "(u)", &answer);
    else if (!g_dbus_connection_is_closed(connection))
        g_message("the session bus does not let us be %s: %s; serving the private socket alone",
                  MEISHI_BUS_NAME, error->message);
    if (answer != REPLY_PRIMARY_OWNER)
        g_message("somebody else is %s on the session bus; serving the private socket alone",
                  MEISHI_BUS_NAME);
}

static void
take_name(GDBusConnection *connection)
{
    g_dbus_connection_call(connection, BUS, BUS_PATH, BUS, "RequestName",
                           g_variant_new("(su)", MEISHI_BUS_NAME, NAME_FLAGS),
                           G_VARIANT_TYPE("(u)"), G_DBUS_CALL_FLAGS_NONE, -1, NULL, on_named, NULL);
}

/* Waits for the bus, so that all that was said before has left; not for long, because a bus that
 * hangs must not keep us (g_bus_unown_name() would wait for 25 seconds). */
static void
give_name_back(GDBusConnection *connection)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) reply = g_dbus_connection_call_sync(
        connection, BUS, BUS_PATH, BUS, "ReleaseName", g_variant_new("(s)", MEISHI_BUS_NAME), NULL,
        G_DBUS_CALL_FLAGS_NONE, RELEASE_MS, NULL, &error);

    if (reply == NULL)
        g_debug("the session bus does not take our name back: %s", error->message);
}

/* ---- the door -------------------------------------------------------------------------------- */

static void
drop_door(MeishiSession *session)
{
    g_autoptr(GDBusConnection) connection = NULL;

    if (session->door == NULL)
        return;
    connection = g_object_ref(meishi_door_connection(session->door));
    g_signal_handler_disconnect(connection, session->closed_id);
    meishi_prompter_starter_set_bus(session->starter, NULL);
    g_clear_pointer(&session->notifier, meishi_notifier_free);
    /* Before the name: what the door says in the end counts as ours. */
    g_clear_pointer(&session->door, meishi_door_free);
    give_name_back(connection);
}

static void
on_closed(GDBusConnection *connection, gboolean vanished, GError *error, gpointer user_data)
{
    g_debug("the session bus is gone: %s", error != NULL ? error->message : "closed");
    drop_door(user_data);
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
    take_name(connection);
}

/* ---- the bus --------------------------------------------------------------------------------- */

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
