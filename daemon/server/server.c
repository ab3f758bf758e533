/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Puts the parts of this directory together: listener, pool, errands and board, and rebuilds the
 * view when the agent says so.
 *
 * The view is rebuilt before the signal's emission returns, so that whoever was told that an
 * import is done, and then starts a program, sees the import.
 */
#include "daemon/server/server.h"

#include "daemon/server/board.h"
#include "daemon/server/errands.h"
#include "daemon/server/inbox.h"
#include "daemon/server/listener.h"
#include "daemon/server/pool.h"

#include <sys/resource.h>
#include <unistd.h>

#define MAX_CLIENTS 4096
#define CANCEL_MS   1000 /* for the agent to answer what was cancelled */

struct MeishiServer {
    MeishiAgent *agent;
    gulong view_changed;
    guint64 generation;
    MeishiService service;
    MeishiBoard *board;
    MeishiErrands *errands;
    MeishiInbox *inbox;
    MeishiPool *pool;
    MeishiListener *listener;
};

/* ---- wiring -------------------------------------------------------------------------------- */

static void
on_hand_over(MeishiConn *conn, gpointer user_data)
{
    MeishiServer *server = user_data;

    meishi_inbox_post(server->inbox, conn);
}

static void
on_inbox(gpointer item, gpointer user_data)
{
    MeishiServer *server = user_data;

    meishi_errands_run(server->errands, item);
}

static void
on_resume(MeishiConn *conn, gpointer user_data)
{
    MeishiServer *server = user_data;

    meishi_pool_resume(server->pool, conn);
}

static void
on_drop(MeishiConn *conn, gpointer user_data)
{
    MeishiServer *server = user_data;

    meishi_pool_drop(server->pool, conn);
}

static void
on_accepted(int fd, MeishiPeer *peer, gpointer user_data)
{
    MeishiServer *server = user_data;

    meishi_pool_add(server->pool, meishi_conn_new(fd, peer));
}

static guint
count_clients(gpointer user_data)
{
    return meishi_server_n_clients(user_data);
}

static void
start_listener(MeishiServer *server, int listen_fd)
{
    const MeishiListenerOptions options = {
        .n_clients = count_clients, .accepted = on_accepted, .user_data = server};

    server->listener = meishi_listener_new(listen_fd, MAX_CLIENTS, &options);
}

static void
make_errands(MeishiServer *server)
{
    const MeishiErrandsOptions options = {.agent = server->agent,
                                          .board = server->board,
                                          .resume = on_resume,
                                          .drop = on_drop,
                                          .user_data = server};

    server->errands = meishi_errands_new(&options);
}

static gboolean
start_pool(MeishiServer *server, guint n_workers, GError **error)
{
    const MeishiPoolOptions options = {
        .service = &server->service,
        .n_workers = n_workers > 0 ? n_workers : MAX(g_get_num_processors(), 2),
        .hand_over = on_hand_over,
        .user_data = server,
    };

    server->pool = meishi_pool_new(&options, error);
    return server->pool != NULL;
}

/* ---- the view ------------------------------------------------------------------------------ */

static gboolean
rebuild_view(MeishiServer *server, GError **error)
{
    g_autoptr(GPtrArray) identities = meishi_agent_list(server->agent);
    g_autoptr(MeishiView) view = meishi_view_new(identities, server->generation + 1, error);

    if (view == NULL)
        return FALSE;
    server->generation++;
    if (meishi_board_publish(server->board, view))
        meishi_errands_slot_event(server->errands);
    return TRUE;
}

/* Programs go on with the old view where the new one cannot be made. */
static void
on_view_changed(MeishiAgent *agent, gpointer user_data)
{
    g_autoptr(GError) error = NULL;

    if (!rebuild_view(user_data, &error))
        g_warning("programs do not see the latest change: %s", error->message);
}

/* ---- life ---------------------------------------------------------------------------------- */

/* A client takes two descriptors, and the default limit of 1024 is meant for select(2). */
static void
raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return;
    limit.rlim_cur = MAX(limit.rlim_cur, MIN(limit.rlim_max, 4 * MAX_CLIENTS));
    (void)!setrlimit(RLIMIT_NOFILE, &limit);
}

static gboolean
build(MeishiServer *server, guint n_workers, GError **error)
{
    server->board = meishi_board_new(error);
    if (server->board == NULL)
        return FALSE;
    make_errands(server);
    if (!rebuild_view(server, error))
        return FALSE;
    server->service.board = server->board;
    server->service.keys = meishi_agent_key_cache(server->agent);
    meishi_crypto_random((guint8 *)&server->service.instance, sizeof server->service.instance);
    server->inbox = meishi_inbox_new(on_inbox, server, error);
    return server->inbox != NULL && start_pool(server, n_workers, error);
}

MeishiServer *
meishi_server_new(MeishiAgent *agent, int listen_fd, guint n_workers, GError **error)
{
    MeishiServer *server = g_new0(MeishiServer, 1);

    raise_descriptor_limit();
    server->agent = g_object_ref(agent);
    if (!build(server, n_workers, error)) {
        close(listen_fd);
        meishi_server_free(server);
        return NULL;
    }
    server->view_changed =
        g_signal_connect(agent, "view-changed", G_CALLBACK(on_view_changed), server);
    start_listener(server, listen_fd);
    return server;
}

static gboolean
on_timeout(gpointer user_data)
{
    gboolean *is_over = user_data;

    *is_over = TRUE;
    return G_SOURCE_CONTINUE;
}

static gboolean
on_tick(gpointer user_data)
{
    return G_SOURCE_CONTINUE; /* the workers do not wake the loop when they are done */
}

static GSource *
attach_timeout(guint ms, GSourceFunc func, gpointer user_data)
{
    GSource *source = g_timeout_source_new(ms);

    g_source_set_callback(source, func, user_data, NULL);
    g_source_attach(source, g_main_context_get_thread_default());
    return source;
}

/* Runs the loop until no request is under way, at most @ms. */
static void
run_until_idle(MeishiServer *server, guint ms)
{
    gboolean is_over = FALSE;
    g_autoptr(GSource) timeout = attach_timeout(ms, on_timeout, &is_over);
    g_autoptr(GSource) tick = attach_timeout(5, on_tick, NULL);

    while (!is_over && meishi_pool_n_requests(server->pool) > 0)
        g_main_context_iteration(g_main_context_get_thread_default(), TRUE);
    g_source_destroy(timeout);
    g_source_destroy(tick);
}

void
meishi_server_stop(MeishiServer *server, guint grace_ms)
{
    if (server->listener == NULL)
        return;
    g_clear_pointer(&server->listener, meishi_listener_free);
    g_clear_signal_handler(&server->view_changed, server->agent);
    meishi_errands_wind_up(server->errands);
    meishi_pool_drain(server->pool);
    run_until_idle(server, grace_ms);
    meishi_errands_cancel(server->errands);
    run_until_idle(server, CANCEL_MS);
}

/* The workers end first: after that nobody fills the inbox.  Then the errands give back what they
 * have, and the pool closes what is left. */
void
meishi_server_free(MeishiServer *server)
{
    if (server == NULL)
        return;
    if (server->pool != NULL)
        meishi_pool_stop(server->pool);
    g_clear_pointer(&server->inbox, meishi_inbox_free);
    g_clear_pointer(&server->errands, meishi_errands_free);
    g_clear_pointer(&server->pool, meishi_pool_free);
    g_clear_pointer(&server->listener, meishi_listener_free);
    g_clear_signal_handler(&server->view_changed, server->agent);
    g_clear_pointer(&server->board, meishi_board_free);
    g_object_unref(server->agent);
    g_free(server);
}

guint
meishi_server_n_clients(MeishiServer *server)
{
    return meishi_pool_n_conns(server->pool);
}

guint64
meishi_server_generation(MeishiServer *server)
{
    return server->generation;
}
