/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The private socket: peer-to-peer D-Bus for our own user.  Private to daemon/bus.
 */
#pragma once

#include <gio/gio.h>

typedef struct MeishiPrivateSocket MeishiPrivateSocket;

/* Called on the main loop with a connection that has proved to be ours; it delivers no message
 * before g_dbus_connection_start_message_processing(). */
typedef void (*MeishiPrivateSocketCallback)(GDBusConnection *connection, gpointer user_data);

/* Takes @fd, a listening SOCK_STREAM socket, over, also on failure. */
MeishiPrivateSocket *
meishi_private_socket_new(int fd, MeishiPrivateSocketCallback callback, gpointer user_data,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
void meishi_private_socket_free(MeishiPrivateSocket *listener); /* NULL is fine */
