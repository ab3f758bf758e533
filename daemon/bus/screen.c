/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Filters see messages in GDBus's own thread before anybody else does.  On a bus, a call that reads
 * is taken out there, waits on the main loop until its sender is known, is then sent to ourselves,
 * whom GDBus answers, and the answer is passed on.  What goes to a private connection with a
 * sandbox behind it needs no such way round: there the sender is known.
 */
#include "daemon/bus/screen.h"

#include "daemon/base/error.h"
#include "daemon/bus/caller.h"

#define PROPERTIES "org.freedesktop.DBus.Properties"
#define OBJECTS    "org.freedesktop.DBus.ObjectManager"

typedef struct {
    GDBusConnection *connection;
    GDBusMessage *message;
} Screened;

static Screened *
screened_new(GDBusConnection *connection, GDBusMessage *message)
{
    Screened *screened = g_new0(Screened, 1);

    screened->connection = g_object_ref(connection);
    screened->message = message;
    return screened;
}

static void
screened_free(Screened *screened)
{
    g_object_unref(screened->message);
    g_object_unref(screened->connection);
    g_free(screened);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Screened, screened_free)

/* ---- what a message is about ----------------------------------------------------------------- */

static gboolean
is_about(GDBusMessage *message, GDBusMessageType type, const char *interface)
{
    return g_dbus_message_get_message_type(message) == type &&
           g_strcmp0(g_dbus_message_get_interface(message), interface) == 0;
}

static gboolean
reads(GDBusMessage *message)
{
    return is_about(message, G_DBUS_MESSAGE_TYPE_METHOD_CALL, PROPERTIES) ||
           is_about(message, G_DBUS_MESSAGE_TYPE_METHOD_CALL, OBJECTS);
}

/* Are its properties those of an interface that a sandboxed program may use? */
static gboolean
is_of_open_interface(GDBusMessage *message)
{
    GVariant *body = g_dbus_message_get_body(message);
    g_autoptr(GVariant) interface = NULL;

    if (g_strcmp0(g_dbus_message_get_interface(message), PROPERTIES) != 0 || body == NULL ||
        g_variant_n_children(body) == 0)
        return FALSE;
    interface = g_variant_get_child_value(body, 0);
    return g_variant_is_of_type(interface, G_VARIANT_TYPE_STRING) &&
           meishi_caller_is_open_to_sandbox(g_variant_get_string(interface, NULL),
                                            g_dbus_message_get_member(message));
}

/* ---- answers --------------------------------------------------------------------------------- */

static void
send_error(GDBusConnection *connection, GDBusMessage *call, const GError *error)
{
    g_autofree char *name = g_dbus_error_encode_gerror(error);
    g_autoptr(GDBusMessage) reply =
        g_dbus_message_new_method_error_literal(call, name, error->message);

    if (!(g_dbus_message_get_flags(call) & G_DBUS_MESSAGE_FLAGS_NO_REPLY_EXPECTED))
        g_dbus_connection_send_message(connection, reply, G_DBUS_SEND_MESSAGE_FLAGS_NONE, NULL,
                                       NULL);
}

static void
send_denied(GDBusConnection *connection, GDBusMessage *call)
{
    g_autoptr(GError) error =
        g_error_new_literal(MEISHI_ERROR, MEISHI_ERROR_DENIED,
                            "A sandboxed program may ask for a certificate, but not list them.");

    send_error(connection, call, error);
}

/* ---- a message bus --------------------------------------------------------------------------- */

/* Says the same as @answer, to whoever made @call. */
static GDBusMessage *
readdress(GDBusMessage *call, GDBusMessage *answer)
{
    GDBusMessage *reply = g_dbus_message_new_method_reply(call);

    g_dbus_message_set_message_type(reply, g_dbus_message_get_message_type(answer));
    g_dbus_message_set_error_name(reply, g_dbus_message_get_error_name(answer));
    g_dbus_message_set_body(reply, g_dbus_message_get_body(answer));
    return reply;
}

static void
on_answer(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(Screened) screened = user_data;
    g_autoptr(GError) error = NULL;
    g_autoptr(GDBusMessage) answer =
        g_dbus_connection_send_message_with_reply_finish(screened->connection, result, &error);
    g_autoptr(GDBusMessage) reply = NULL;

    if (answer == NULL) {
        send_error(screened->connection, screened->message, error);
        return;
    }
    reply = readdress(screened->message, answer);
    g_dbus_connection_send_message(screened->connection, reply, G_DBUS_SEND_MESSAGE_FLAGS_NONE,
                                   NULL, NULL);
}

static void
ask_ourselves(Screened *screened)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GDBusMessage) copy = g_dbus_message_copy(screened->message, &error);

    if (copy == NULL) {
        send_error(screened->connection, screened->message, error);
        screened_free(screened);
        return;
    }
    g_dbus_message_set_sender(copy, NULL);
    g_dbus_message_set_destination(copy, g_dbus_connection_get_unique_name(screened->connection));
    g_dbus_connection_send_message_with_reply(screened->connection, copy,
                                              G_DBUS_SEND_MESSAGE_FLAGS_NONE, -1, NULL, NULL,
                                              on_answer, screened);
}

static void
on_known(MeishiApplication *application, const GError *error, gpointer user_data)
{
    Screened *screened = user_data;

    if (application != NULL &&
        (!application->is_sandboxed || is_of_open_interface(screened->message))) {
        ask_ourselves(screened);
        return;
    }
    if (application == NULL)
        send_error(screened->connection, screened->message, error);
    else
        send_denied(screened->connection, screened->message);
    screened_free(screened);
}

static gboolean
on_main_loop(gpointer user_data)
{
    Screened *screened = user_data;

    meishi_caller_identify(screened->connection, g_dbus_message_get_sender(screened->message),
                           on_known, screened);
    return G_SOURCE_REMOVE;
}

static GDBusMessage *
filter_bus(GDBusConnection *connection, GDBusMessage *message, gboolean incoming, gpointer unused)
{
    const char *sender = g_dbus_message_get_sender(message);

    if (!incoming || !reads(message) || sender == NULL ||
        g_str_equal(sender, g_dbus_connection_get_unique_name(connection)))
        return message;
    g_idle_add_full(G_PRIORITY_DEFAULT, on_main_loop, screened_new(connection, message), NULL);
    return NULL;
}

void
meishi_screen_bus(GDBusConnection *connection)
{
    g_dbus_connection_add_filter(connection, filter_bus, NULL, NULL);
}

/* ---- a private connection -------------------------------------------------------------------- */

/* Objects that come and go, and their properties, are told to everybody on a connection. */
static gboolean
tells(GDBusMessage *message)
{
    return is_about(message, G_DBUS_MESSAGE_TYPE_SIGNAL, OBJECTS) ||
           is_about(message, G_DBUS_MESSAGE_TYPE_SIGNAL, PROPERTIES);
}

static GDBusMessage *
filter_sandbox(GDBusConnection *connection, GDBusMessage *message, gboolean incoming,
               gpointer unused)
{
    if ((incoming ? !reads(message) : !tells(message)) || is_of_open_interface(message))
        return message;
    if (incoming)
        send_denied(connection, message);
    g_object_unref(message);
    return NULL;
}

void
meishi_screen_private(GDBusConnection *connection, MeishiApplication *application)
{
    if (application->is_sandboxed)
        g_dbus_connection_add_filter(connection, filter_sandbox, NULL, NULL);
}
