/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The guard in front of every method.  A session bus usually admits one user, but its
 * configuration may say otherwise, and root is always admitted.
 *
 * A call from a sender not seen before is held back, the bus is asked whose it is, and the call is
 * then handed to the skeleton's own dispatcher.  Unique names are never used again during the life
 * of a bus (D-Bus Specification, "Message Bus Names"), so an answer holds for ever.
 */
#include "daemon/bus/caller.h"

#include "daemon/base/error.h"

#include <unistd.h>

#define KNOWN_SENDERS   "meishi-known-senders"
#define MAX_KNOWN       1024
#define ASKING_LIMIT_MS 5000

typedef struct {
    GDBusInterfaceSkeleton *skeleton;
    GDBusMethodInvocation *invocation;
} Pending;

static GHashTable *
known_senders(GDBusConnection *connection)
{
    GHashTable *known = g_object_get_data(G_OBJECT(connection), KNOWN_SENDERS);

    if (known == NULL) {
        known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        g_object_set_data_full(G_OBJECT(connection), KNOWN_SENDERS, known,
                               (GDestroyNotify)g_hash_table_unref);
    }
    return known;
}

static void
remember(GDBusConnection *connection, const char *sender)
{
    GHashTable *known = known_senders(connection);

    if (g_hash_table_size(known) >= MAX_KNOWN)
        g_hash_table_remove_all(known);
    g_hash_table_add(known, g_strdup(sender));
}

static void
dispatch(Pending *pending)
{
    GDBusMethodInvocation *call = pending->invocation;
    GDBusInterfaceVTable *vtable = g_dbus_interface_skeleton_get_vtable(pending->skeleton);

    vtable->method_call(g_dbus_method_invocation_get_connection(call),
                        g_dbus_method_invocation_get_sender(call),
                        g_dbus_method_invocation_get_object_path(call),
                        g_dbus_method_invocation_get_interface_name(call),
                        g_dbus_method_invocation_get_method_name(call),
                        g_dbus_method_invocation_get_parameters(call), call, pending->skeleton);
}

static void
on_uid(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Pending *pending = user_data;
    GDBusConnection *connection = G_DBUS_CONNECTION(source);
    g_autoptr(GVariant) reply = g_dbus_connection_call_finish(connection, result, NULL);
    guint32 uid = G_MAXUINT32;

    if (reply != NULL)
        g_variant_get(reply, "(u)", &uid);
    if (uid == getuid()) {
        remember(connection, g_dbus_method_invocation_get_sender(pending->invocation));
        dispatch(pending);
    } else {
        g_dbus_method_invocation_return_error(
            pending->invocation, MEISHI_ERROR, MEISHI_ERROR_DENIED,
            "Meishi serves the user whose vault it is, nobody else");
    }
    g_object_unref(pending->skeleton);
    g_free(pending);
}

/* FALSE means that the call is ours to answer: "g-authorize-method". */
static gboolean
on_authorize(GDBusInterfaceSkeleton *skeleton, GDBusMethodInvocation *invocation, gpointer unused)
{
    GDBusConnection *connection = g_dbus_method_invocation_get_connection(invocation);
    const char *sender = g_dbus_method_invocation_get_sender(invocation);
    Pending *pending;

    if (g_dbus_connection_get_unique_name(connection) == NULL)
        return TRUE;
    if (sender != NULL && g_hash_table_contains(known_senders(connection), sender))
        return TRUE;
    pending = g_new0(Pending, 1);
    pending->skeleton = g_object_ref(skeleton);
    pending->invocation = invocation;
    g_dbus_connection_call(
        connection, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
        "GetConnectionUnixUser", g_variant_new("(s)", sender != NULL ? sender : ""),
        G_VARIANT_TYPE("(u)"), G_DBUS_CALL_FLAGS_NONE, ASKING_LIMIT_MS, NULL, on_uid, pending);
    return FALSE;
}

void
meishi_caller_guard(GDBusInterfaceSkeleton *skeleton)
{
    g_signal_connect(skeleton, "g-authorize-method", G_CALLBACK(on_authorize), NULL);
}
