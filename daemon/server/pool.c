/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Each connection is in the epoll set with EPOLLONESHOT: whoever gets its event owns it until it
 * is armed again, so that a connection is never served by two workers.
 *
 * After an answer the worker does not sleep at once.  A wake-up costs more than a signature, and a
 * client in the midst of its work speaks again within microseconds: for LINGER_US the worker looks
 * for the next frame, yielding the processor between looks (polling without yielding is ruinous
 * where client and worker share one).  It looks at the same connection, and at all others through
 * the epoll set; when another one has something to say, the worker goes there, so that nobody who
 * floods the daemon keeps others waiting.
 *
 * Long requests (input in a memory file) may have half of the workers; the rest wait in a queue.
 */
#include "daemon/server/pool.h"

#include "daemon/base/error.h"
#include "daemon/server/worker.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define LINGER_US 40
#define LOOK_US   200 /* a client may keep a worker from others for so long, or one request */

struct MeishiPool {
    MeishiPoolOptions options;
    int epoll;
    int stop_event;
    gint is_draining; /* atomic */
    gint is_stopping; /* atomic */
    gint n_busy;      /* atomic; workers that serve */
    gint n_parked;    /* atomic; connections whose request waits */

    pthread_mutex_t mutex; /* over all below */
    GQueue conns;
    GQueue long_queue; /* MeishiConn that wait for their turn */
    guint n_long;      /* that have it */

    guint n_threads;
    pthread_t *threads;
};

/* ---- connections --------------------------------------------------------------------------- */

/* The kernel passes the connection on; the counter is what the memory model (and ThreadSanitizer)
 * goes by.  The lock keeps the descriptor open until epoll_ctl() has come back: whoever closes it
 * takes the lock before. */
static void
arm(MeishiPool *pool, MeishiConn *conn, uint32_t events, int operation)
{
    struct epoll_event event = {.events = events | EPOLLONESHOT, .data = {.ptr = conn}};
    int r;

    g_atomic_int_inc(&conn->n_hand_overs);
    pthread_mutex_lock(&pool->mutex);
    r = epoll_ctl(pool->epoll, operation, conn->fd, &event);
    pthread_mutex_unlock(&pool->mutex);
    if (r < 0)
        meishi_pool_drop(pool, conn);
}

void
meishi_pool_add(MeishiPool *pool, MeishiConn *conn)
{
    pthread_mutex_lock(&pool->mutex);
    g_queue_push_tail_link(&pool->conns, &conn->link);
    pthread_mutex_unlock(&pool->mutex);
    arm(pool, conn, EPOLLIN, EPOLL_CTL_ADD);
}

/* A socket is always ready to be written to; the event brings the connection to a worker. */
void
meishi_pool_resume(MeishiPool *pool, MeishiConn *conn)
{
    arm(pool, conn, EPOLLOUT, EPOLL_CTL_MOD);
}

/* Taken out of the set by hand: a child between fork and exec may hold a copy of the descriptor,
 * and closing ours would leave it in. */
void
meishi_pool_drop(MeishiPool *pool, MeishiConn *conn)
{
    if (conn->state == MEISHI_CONN_PARKED)
        g_atomic_int_add(&pool->n_parked, -1);
    pthread_mutex_lock(&pool->mutex);
    g_queue_unlink(&pool->conns, &conn->link);
    pthread_mutex_unlock(&pool->mutex);
    epoll_ctl(pool->epoll, EPOLL_CTL_DEL, conn->fd, NULL);
    meishi_conn_free(conn);
}

guint
meishi_pool_n_conns(MeishiPool *pool)
{
    guint n;

    pthread_mutex_lock(&pool->mutex);
    n = pool->conns.length;
    pthread_mutex_unlock(&pool->mutex);
    return n;
}

/* ---- long requests ------------------------------------------------------------------------- */

/* FALSE: @conn waits in the queue until a worker comes for it. */
static gboolean
begin_long(MeishiPool *pool, MeishiConn *conn)
{
    gboolean has_turn;

    pthread_mutex_lock(&pool->mutex);
    has_turn = pool->n_long < MAX(pool->options.n_workers / 2, 1);
    if (has_turn)
        pool->n_long++;
    else
        g_queue_push_tail(&pool->long_queue, conn);
    pthread_mutex_unlock(&pool->mutex);
    return has_turn;
}

/* Passes the turn on to the next in the queue, or gives it back. */
static MeishiConn *
next_long(MeishiPool *pool)
{
    MeishiConn *conn;

    pthread_mutex_lock(&pool->mutex);
    conn = g_queue_pop_head(&pool->long_queue);
    if (conn == NULL)
        pool->n_long--;
    pthread_mutex_unlock(&pool->mutex);
    return conn;
}

/* ---- serving ------------------------------------------------------------------------------- */

/* Counts a parked request before its worker is counted as free: the sum never dips. */
static MeishiServed
serve(MeishiPool *pool, MeishiWorker *worker, MeishiConn *conn, gboolean may_take_long)
{
    gint was_parked = conn->state == MEISHI_CONN_PARKED;
    MeishiServed served;

    g_atomic_int_inc(&pool->n_busy);
    served = meishi_worker_serve(worker, conn, may_take_long);
    g_atomic_int_add(&pool->n_parked, (conn->state == MEISHI_CONN_PARKED) - was_parked);
    g_atomic_int_add(&pool->n_busy, -1);
    return served;
}

/* Passes on a connection that does not stay with the worker; TRUE where it does. */
static gboolean
settle(MeishiPool *pool, MeishiConn *conn, MeishiServed served)
{
    switch (served) {
    case MEISHI_SERVED_ANSWERED:
    case MEISHI_SERVED_NOTHING:
        return TRUE;
    case MEISHI_SERVED_PARKED:
        pool->options.hand_over(conn, pool->options.user_data);
        return FALSE;
    default:
        meishi_pool_drop(pool, conn);
        return FALSE;
    }
}

static void
serve_long(MeishiPool *pool, MeishiWorker *worker, MeishiConn *conn)
{
    if (!begin_long(pool, conn))
        return;
    for (; conn != NULL; conn = next_long(pool))
        if (settle(pool, conn, serve(pool, worker, conn, TRUE)))
            arm(pool, conn, EPOLLIN, EPOLL_CTL_MOD);
}

/* TRUE where @conn stays with the worker and may say more.  While the pool drains, a connection
 * that comes with a new request is left as it is, outside the epoll set. */
static gboolean
handle(MeishiPool *pool, MeishiWorker *worker, MeishiConn *conn)
{
    MeishiServed served;

    if (g_atomic_int_get(&pool->is_draining) && conn->state != MEISHI_CONN_PARKED)
        return FALSE;
    served = serve(pool, worker, conn, FALSE);
    if (served != MEISHI_SERVED_LONG)
        return settle(pool, conn, served);
    serve_long(pool, worker, conn);
    return FALSE;
}

/* The next connection with an event; NULL at the end of @timeout_ms or of the pool. */
static MeishiConn *
next_event(MeishiPool *pool, int timeout_ms)
{
    struct epoll_event event;
    MeishiConn *conn;

    if (epoll_wait(pool->epoll, &event, 1, timeout_ms) != 1 || event.data.ptr == NULL)
        return NULL;
    conn = event.data.ptr;
    (void)g_atomic_int_get(&conn->n_hand_overs);
    return conn;
}

/* Serves @conn as long as it goes on speaking; FALSE where it is not with the worker any more.
 * @ret_answered: whether it spoke. */
static gboolean
serve_again(MeishiPool *pool, MeishiWorker *worker, MeishiConn *conn, gboolean *ret_answered)
{
    MeishiServed served = serve(pool, worker, conn, FALSE);

    *ret_answered = served == MEISHI_SERVED_ANSWERED;
    if (served != MEISHI_SERVED_LONG)
        return settle(pool, conn, served);
    serve_long(pool, worker, conn);
    return FALSE;
}

/* Stays with @conn for a moment; returns another one that has something to say, or NULL.  Looks
 * for others whenever @conn is silent, and now and then where it is not. */
static MeishiConn *
linger(MeishiPool *pool, MeishiWorker *worker, MeishiConn *conn)
{
    gint64 now = g_get_monotonic_time();
    gint64 end = now + LINGER_US, next_look = now + LOOK_US;

    while (now < end && !g_atomic_int_get(&pool->is_draining)) {
        MeishiConn *other;
        gboolean has_answered;

        sched_yield();
        if (!serve_again(pool, worker, conn, &has_answered))
            return NULL;
        now = g_get_monotonic_time();
        if (has_answered)
            end = now + LINGER_US;
        if (has_answered && now < next_look)
            continue;
        other = next_event(pool, 0);
        next_look = now + LOOK_US;
        if (other != NULL) {
            arm(pool, conn, EPOLLIN, EPOLL_CTL_MOD);
            return other;
        }
    }
    if (!g_atomic_int_get(&pool->is_draining))
        arm(pool, conn, EPOLLIN, EPOLL_CTL_MOD);
    return NULL;
}

static void *
work(void *user_data)
{
    MeishiPool *pool = user_data;
    g_autoptr(MeishiWorker) worker = meishi_worker_new(pool->options.service);
    MeishiConn *conn = NULL;

    while (!g_atomic_int_get(&pool->is_stopping)) {
        if (conn == NULL)
            conn = next_event(pool, -1);
        if (conn != NULL)
            conn = handle(pool, worker, conn) ? linger(pool, worker, conn) : NULL;
    }
    return NULL;
}

/* ---- the pool ------------------------------------------------------------------------------ */

static gboolean
open_epoll(MeishiPool *pool)
{
    struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = NULL}};

    pool->epoll = epoll_create1(EPOLL_CLOEXEC);
    pool->stop_event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return pool->epoll >= 0 && pool->stop_event >= 0 &&
           epoll_ctl(pool->epoll, EPOLL_CTL_ADD, pool->stop_event, &event) == 0;
}

static gboolean
start_threads(MeishiPool *pool)
{
    pool->threads = g_new0(pthread_t, pool->options.n_workers);
    for (; pool->n_threads < pool->options.n_workers; pool->n_threads++) {
        errno = pthread_create(&pool->threads[pool->n_threads], NULL, work, pool);
        if (errno != 0)
            return FALSE;
    }
    return TRUE;
}

MeishiPool *
meishi_pool_new(const MeishiPoolOptions *options, GError **error)
{
    g_autoptr(MeishiPool) pool = g_new0(MeishiPool, 1);

    pool->options = *options;
    pthread_mutex_init(&pool->mutex, NULL);
    g_queue_init(&pool->conns);
    g_queue_init(&pool->long_queue);
    if (!open_epoll(pool) || !start_threads(pool)) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_BUSY, "cannot start the workers: %s",
                    g_strerror(errno));
        return NULL;
    }
    return g_steal_pointer(&pool);
}

void
meishi_pool_stop(MeishiPool *pool)
{
    const uint64_t one = 1;

    g_atomic_int_set(&pool->is_stopping, TRUE);
    g_atomic_int_set(&pool->is_draining, TRUE);
    if (write(pool->stop_event, &one, sizeof one) < 0)
        g_warning("cannot wake the workers: %s", g_strerror(errno));
    for (guint i = 0; i < pool->n_threads; i++)
        pthread_join(pool->threads[i], NULL);
    pool->n_threads = 0;
}

void
meishi_pool_free(MeishiPool *pool)
{
    GList *link;

    if (pool == NULL)
        return;
    meishi_pool_stop(pool);
    while ((link = g_queue_pop_head_link(&pool->conns)) != NULL)
        meishi_conn_free(link->data);
    g_queue_clear(&pool->long_queue);
    if (pool->epoll >= 0)
        close(pool->epoll);
    if (pool->stop_event >= 0)
        close(pool->stop_event);
    pthread_mutex_destroy(&pool->mutex);
    g_free(pool->threads);
    g_free(pool);
}

void
meishi_pool_drain(MeishiPool *pool)
{
    g_atomic_int_set(&pool->is_draining, TRUE);
}

guint
meishi_pool_n_requests(MeishiPool *pool)
{
    return (guint)(g_atomic_int_get(&pool->n_busy) + g_atomic_int_get(&pool->n_parked));
}
