/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where there are too many clients, a new one is accepted and closed at once: its module then goes
 * on without a token instead of waiting in the backlog.  Where the process is out of descriptors,
 * accepting rests for a moment instead of spinning.
 */
#include "daemon/server/listener.h"

#include "daemon/base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <sys/socket.h>
#include <unistd.h>

#define REST_MS 100

struct MeishiListener {
    int fd;
    guint max_clients;
    MeishiListenerOptions options;
    GSource *source; /* accepts, or ends the rest */
};

static void watch(MeishiListener *listener);

static void
set_source(MeishiListener *listener, GSource *source, GSourceFunc callback)
{
    if (listener->source != NULL) {
        g_source_destroy(listener->source);
        g_source_unref(listener->source);
    }
    listener->source = source;
    g_source_set_callback(source, callback, listener, NULL);
    g_source_attach(source, g_main_context_get_thread_default());
}

static gboolean
on_rested(gpointer user_data)
{
    watch(user_data);
    return G_SOURCE_REMOVE;
}

static void
receive(MeishiListener *listener, int fd)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiPeer) peer = meishi_peer_new(fd, &error);

    if (g_error_matches(error, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND)) {
        g_debug("a program connected and left: %s", error->message);
        close(fd);
    } else if (peer == NULL) {
        g_message("a program was refused: %s", error->message);
        close(fd);
    } else if (listener->options.n_clients(listener->options.user_data) >= listener->max_clients) {
        g_message("a program was refused: %u clients are connected already", listener->max_clients);
        close(fd);
    } else {
        listener->options.accepted(fd, g_steal_pointer(&peer), listener->options.user_data);
    }
}

static gboolean
on_ready(int listen_fd, GIOCondition condition, gpointer user_data)
{
    MeishiListener *listener = user_data;
    int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd >= 0) {
        receive(listener, fd);
        return G_SOURCE_CONTINUE;
    }
    if (errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM)
        return G_SOURCE_CONTINUE;
    g_warning("cannot accept a program: %s", g_strerror(errno));
    set_source(listener, g_timeout_source_new(REST_MS), on_rested);
    return G_SOURCE_REMOVE;
}

static void
watch(MeishiListener *listener)
{
    set_source(listener, g_unix_fd_source_new(listener->fd, G_IO_IN), G_SOURCE_FUNC(on_ready));
}

MeishiListener *
meishi_listener_new(int fd, guint max_clients, const MeishiListenerOptions *options)
{
    MeishiListener *listener = g_new0(MeishiListener, 1);
    int flags = fcntl(fd, F_GETFL);

    if (flags >= 0)
        (void)!fcntl(fd, F_SETFL, flags | O_NONBLOCK);
    listener->fd = fd;
    listener->max_clients = max_clients;
    listener->options = *options;
    watch(listener);
    return listener;
}

void
meishi_listener_free(MeishiListener *listener)
{
    if (listener == NULL)
        return;
    g_source_destroy(listener->source);
    g_source_unref(listener->source);
    close(listener->fd);
    g_free(listener);
}
