/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Puts the parts of this directory together: listener, pool, errands and audiences, and has what
 * programs see looked at anew when the agent says so.
 *
 * That is done before the signal's emission returns, so that whoever was told that an import or a
 * change of policy is done finds that it is.
 */
#include "daemon/server/server.h"

#include "daemon/server/audience.h"
#include "daemon/server/errands.h"
#include "daemon/server/inbox.h"
#include "daemon/server/listener.h"
#include "daemon/server/pool.h"

#include <sys/resource.h>
#include <unistd.h>

#define MAX_CLIENTS 4096
#define CANCEL_MS   1000 /* for the agent to answer what was cancelled */

/* Each may be a program of its own, and then takes its socket, its process, its pulse page and,
 * where policy shows it what nobody else sees, its snapshot; and a request may carry one. */
#define DESCRIPTORS_PER_CLIENT 5

struct MeishiServer {
    MeishiAgent *agent;
    gulong view_changed;
    MeishiService service;
    MeishiAudiences *audiences;
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
    g_autoptr(MeishiPeer) caller = peer;
    g_autoptr(GError) error = NULL;
    MeishiAudience *audience =
        meishi_audiences_join(server->audiences, caller->application, MEISHI_LAYOUT_VAULT, &error);

    if (audience == NULL) {
        g_warning("a program was refused: %s", error->message);
        close(fd);
        return;
    }
    meishi_pool_add(server->pool, meishi_conn_new(fd, audience));
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
                                          .audiences = server->audiences,
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

/* ---- what programs see --------------------------------------------------------------------- */

static void
on_moved(MeishiAudience *audience, gpointer user_data)
{
    MeishiServer *server = user_data;

    meishi_errands_slot_event(server->errands, audience);
}

static void
on_view_changed(MeishiAgent *agent, gpointer user_data)
{
    MeishiServer *server = user_data;

    meishi_audiences_refresh(server->audiences, on_moved, server);
}

/* ---- life ---------------------------------------------------------------------------------- */

/* The default limit of 1024 is meant for select(2). */
static void
raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return;
    limit.rlim_cur = MAX(limit.rlim_cur, MIN(limit.rlim_max, DESCRIPTORS_PER_CLIENT * MAX_CLIENTS));
    (void)!setrlimit(RLIMIT_NOFILE, &limit);
}

/* A kernel that cannot keep programs from writing to a page that they share with us is a reason not
 * to start, and not to refuse each of them. */
static gboolean
check_kernel(GError **error)
{
    g_autoptr(MeishiBoard) board = meishi_board_new(error);

    return board != NULL;
}

static gboolean
build(MeishiServer *server, guint n_workers, GError **error)
{
    if (!check_kernel(error))
        return FALSE;
    server->audiences = meishi_audiences_new(server->agent);
    make_errands(server);
    server->service.keys = meishi_agent_key_cache(server->agent);
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
    g_clear_pointer(&server->audiences, meishi_audiences_free);
    g_object_unref(server->agent);
    g_free(server);
}

guint
meishi_server_n_clients(MeishiServer *server)
{
    return meishi_pool_n_conns(server->pool);
}
