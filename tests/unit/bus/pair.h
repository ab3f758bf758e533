/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The two ends of a private connection, both in the test.
 */
#pragma once

#include "daemon/bus/caller.h"

#include <sys/socket.h>

typedef struct {
    GDBusConnection *server, *client;
} Pair;

static inline GIOStream *
pair_stream(int fd)
{
    g_autoptr(GSocket) socket = g_socket_new_from_fd(fd, NULL);

    g_assert_nonnull(socket);
    return G_IO_STREAM(g_socket_connection_factory_create_connection(socket));
}

static inline void
pair_keep(GObject *source, GAsyncResult *result, gpointer user_data)
{
    *(GDBusConnection **)user_data = g_dbus_connection_new_finish(result, NULL);
}

/* The server takes the client for @application, and delivers nothing before pair_start(). */
static inline void
pair_init(Pair *pair, MeishiApplication *application)
{
    g_autofree char *guid = g_dbus_generate_guid();
    g_autoptr(GIOStream) server = NULL;
    g_autoptr(GIOStream) client = NULL;
    int fds[2];

    *pair = (Pair){0};
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
    server = pair_stream(fds[0]);
    client = pair_stream(fds[1]);
    g_dbus_connection_new(server, guid,
                          G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_SERVER |
                              G_DBUS_CONNECTION_FLAGS_DELAY_MESSAGE_PROCESSING,
                          NULL, NULL, pair_keep, &pair->server);
    g_dbus_connection_new(client, NULL, G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT, NULL, NULL,
                          pair_keep, &pair->client);
    while (pair->server == NULL || pair->client == NULL)
        g_main_context_iteration(NULL, TRUE);
    meishi_caller_admit(pair->server, application);
}

static inline void
pair_start(Pair *pair)
{
    g_dbus_connection_start_message_processing(pair->server);
}

static inline void
pair_clear(Pair *pair)
{
    g_object_unref(pair->client);
    g_object_unref(pair->server);
}
