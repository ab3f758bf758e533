/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/server/listener.h"

#include "daemon/server/server.h"
#include "tests/unit/server/client.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_CLIENTS 2

typedef struct {
    char *dir;
    char *path;
    MeishiListener *listener;
    GArray *accepted; /* int */
} Gate;

static guint
count(gpointer user_data)
{
    Gate *gate = user_data;

    return gate->accepted->len;
}

static void
on_accepted(int fd, MeishiPeer *peer, gpointer user_data)
{
    Gate *gate = user_data;

    g_assert_cmpint(peer->application->pid, ==, getpid());
    g_assert_cmpint(fcntl(fd, F_GETFD) & FD_CLOEXEC, ==, FD_CLOEXEC);
    g_assert_cmpint(fcntl(fd, F_GETFL) & O_NONBLOCK, ==, O_NONBLOCK);
    meishi_peer_free(peer);
    g_array_append_val(gate->accepted, fd);
}

static void
set_up(Gate *gate, gconstpointer unused)
{
    const MeishiListenerOptions options = {
        .n_clients = count, .accepted = on_accepted, .user_data = gate};
    g_autoptr(GError) error = NULL;
    int fd;

    gate->dir = g_dir_make_tmp("meishi-listener-XXXXXX", NULL);
    gate->path = g_build_filename(gate->dir, "pkcs11", NULL);
    gate->accepted = g_array_new(FALSE, FALSE, sizeof(int));
    fd = meishi_listen(gate->path, SOCK_SEQPACKET, &error);
    g_assert_no_error(error);
    gate->listener = meishi_listener_new(fd, MAX_CLIENTS, &options);
}

static void
tear_down(Gate *gate, gconstpointer unused)
{
    meishi_listener_free(gate->listener);
    for (guint i = 0; i < gate->accepted->len; i++)
        close(g_array_index(gate->accepted, int, i));
    g_array_unref(gate->accepted);
    g_unlink(gate->path);
    g_rmdir(gate->dir);
    g_free(gate->dir);
    g_free(gate->path);
}

static gboolean
has_all(gpointer user_data)
{
    return count(user_data) == MAX_CLIENTS;
}

/* One too many is told so by a closed connection; when another has left, it is let in. */
static void
test_limit(Gate *gate, gconstpointer unused)
{
    g_autoptr(Client) first = client_new(gate->path);
    g_autoptr(Client) second = client_new(gate->path);
    g_autoptr(Client) third = client_new(gate->path);
    g_autoptr(Client) fourth = NULL;

    g_assert_false(client_receive(third));
    g_assert_cmpuint(gate->accepted->len, ==, MAX_CLIENTS);
    close(g_array_index(gate->accepted, int, 1));
    g_array_set_size(gate->accepted, 1);
    fourth = client_new(gate->path);
    client_wait_until(has_all, gate);
}

static gboolean
stop_waiting(gpointer user_data)
{
    gboolean *is_over = user_data;

    *is_over = TRUE;
    return G_SOURCE_REMOVE;
}

/* Turns the loop for a moment; returns how often it came round. */
static guint
turn_for(guint ms)
{
    gboolean is_over = FALSE;
    guint n = 0;

    g_timeout_add(ms, stop_waiting, &is_over);
    while (!is_over) {
        g_main_context_iteration(NULL, TRUE);
        n++;
    }
    return n;
}

/* Out of descriptors: the loop rests instead of spinning, and the client is let in afterwards. */
static void
test_out_of_descriptors(Gate *gate, gconstpointer unused)
{
    g_autoptr(Client) client = client_new(gate->path);
    struct rlimit limit, none;
    int next_fd = fcntl(client->fd, F_DUPFD_CLOEXEC, 0);
    guint n_turns;

    g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &limit), ==, 0);
    none = limit;
    none.rlim_cur = (rlim_t)next_fd; /* the lowest that is free, so that none below is */
    close(next_fd);
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &none), ==, 0);
    n_turns = turn_for(250);
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &limit), ==, 0);
    g_assert_cmpuint(gate->accepted->len, ==, 0);
    g_assert_cmpuint(n_turns, <, 50);
    client_free(g_steal_pointer(&client));
    client = client_new(gate->path);
    turn_for(250);
    g_assert_cmpuint(gate->accepted->len, >=, 1);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_log_set_always_fatal(G_LOG_FATAL_MASK); /* being out of descriptors is worth a warning */
    g_test_add("/server/listener/limit", Gate, NULL, set_up, test_limit, tear_down);
    g_test_add("/server/listener/out-of-descriptors", Gate, NULL, set_up, test_out_of_descriptors,
               tear_down);
    return g_test_run();
}
