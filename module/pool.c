/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Calls and the pool of connections.
 *
 * Every connection is in exactly one of two lists: idle, or busy with the call that took it.  The
 * lock covers the lists and what a call and its canceller share; nothing waits under it.
 */
#include "module/pool.h"

#include "module/trace.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

#define MAX_IDLE         16
#define RESTART_MS       2000 /* how long a daemon may take to come back */
#define FIRST_PAUSE_MS   5
#define LONGEST_PAUSE_MS 50
#define RETRY_ABSENT_MS  200 /* between looks for a daemon that is not there */
#define RETRY_SILENT_MS  5000

static struct {
    pthread_mutex_t lock;
    pthread_cond_t wake; /* a call was cancelled */
    pthread_once_t once;
    struct meishi_conn *idle;
    struct meishi_conn *busy;
    unsigned n_idle;
    struct meishi_call *calls;
    uint32_t flags;      /* that go with every HELLO */
    uint64_t instance;   /* that last said hello; 0: none ever */
    int64_t retry_at_ms; /* when the next look for a daemon is due */
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER, .once = PTHREAD_ONCE_INIT};

static void
init_condition(void)
{
    pthread_condattr_t attributes;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&pool.wake, &attributes);
    pthread_condattr_destroy(&attributes);
}

static void
lock(void)
{
    pthread_mutex_lock(&pool.lock);
}

static void
unlock(void)
{
    pthread_mutex_unlock(&pool.lock);
}

/* ---- lists (all under the lock) ------------------------------------------------------------ */

static void
push(struct meishi_conn **list, struct meishi_conn *conn)
{
    conn->next = *list;
    *list = conn;
}

static struct meishi_conn *
pop(struct meishi_conn **list)
{
    struct meishi_conn *conn = *list;

    if (conn != NULL)
        *list = conn->next;
    return conn;
}

static void
unlink_busy(struct meishi_conn *conn)
{
    struct meishi_conn **at = &pool.busy;

    while (*at != NULL && *at != conn)
        at = &(*at)->next;
    if (*at != NULL)
        *at = conn->next;
}

static void
free_idle(void)
{
    struct meishi_conn *conn;

    while ((conn = pop(&pool.idle)) != NULL)
        meishi_conn_free(conn);
    pool.n_idle = 0;
}

/* ---- calls --------------------------------------------------------------------------------- */

void
meishi_client_begin(struct meishi_call *call, uint64_t owner)
{
    *call = (struct meishi_call){.owner = owner};
    pthread_once(&pool.once, init_condition);
    lock();
    call->next = pool.calls;
    pool.calls = call;
    unlock();
}

/* Gives the connection back, or up. */
void
meishi_pool_release(struct meishi_call *call, bool is_good)
{
    struct meishi_conn *conn = call->conn;

    if (conn == NULL)
        return;
    meishi_conn_forget(conn);
    lock();
    call->conn = NULL;
    unlink_busy(conn);
    if (is_good && call->cancelled == MEISHI_CANCEL_NOT && pool.n_idle < MAX_IDLE &&
        conn->instance == pool.instance) {
        push(&pool.idle, conn);
        pool.n_idle++;
        conn = NULL;
    }
    unlock();
    meishi_conn_free(conn);
}

void
meishi_client_end(struct meishi_call *call)
{
    struct meishi_call **at = &pool.calls;

    meishi_pool_release(call, true);
    lock();
    while (*at != NULL && *at != call)
        at = &(*at)->next;
    if (*at != NULL)
        *at = call->next;
    unlock();
}

bool
meishi_pool_is_cancelled(struct meishi_call *call)
{
    bool is_cancelled;

    lock();
    is_cancelled = call->cancelled != MEISHI_CANCEL_NOT;
    unlock();
    return is_cancelled;
}

void
meishi_client_cancel(uint64_t owner, enum meishi_client_cancel why)
{
    pthread_once(&pool.once, init_condition);
    lock();
    for (struct meishi_call *call = pool.calls; call != NULL; call = call->next) {
        if (owner != 0 && call->owner != owner)
            continue;
        if (call->cancelled == MEISHI_CANCEL_NOT)
            call->cancelled = why; /* the first reason is the one that the caller hears */
        if (call->conn != NULL)
            meishi_sock_shutdown(&call->conn->sock);
    }
    pthread_cond_broadcast(&pool.wake);
    unlock();
}

void
meishi_client_reset(void)
{
    meishi_client_cancel(0, MEISHI_CANCEL_FINALIZED);
    lock();
    free_idle();
    pool.instance = 0;
    pool.retry_at_ms = 0;
    unlock();
}

bool
meishi_client_sleep(struct meishi_call *call, int64_t ms)
{
    int64_t end_ms = meishi_sock_now_ms() + ms;
    struct timespec end = {.tv_sec = (time_t)(end_ms / 1000),
                           .tv_nsec = (long)(end_ms % 1000) * 1000000};
    int r = 0;
    bool goes_on;

    lock();
    while (call->cancelled == MEISHI_CANCEL_NOT && r == 0)
        r = pthread_cond_timedwait(&pool.wake, &pool.lock, &end);
    goes_on = call->cancelled == MEISHI_CANCEL_NOT;
    unlock();
    return goes_on;
}

/* ---- connecting ---------------------------------------------------------------------------- */

enum meishi_client_result
meishi_pool_result(int error)
{
    switch (-error) {
    case 0:
        return MEISHI_CLIENT_OK;
    case ENOMEM:
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
        return MEISHI_CLIENT_NO_MEMORY;
    case EPROTO:
    case ETIMEDOUT:
        return MEISHI_CLIENT_SILENT;
    default:
        return MEISHI_CLIENT_ABSENT;
    }
}

/* Makes @conn the call's, so that cancelling finds it. */
static bool
take(struct meishi_call *call, struct meishi_conn *conn)
{
    bool is_cancelled;

    lock();
    is_cancelled = call->cancelled != MEISHI_CANCEL_NOT;
    if (!is_cancelled) {
        push(&pool.busy, conn);
        call->conn = conn;
    }
    unlock();
    if (is_cancelled)
        meishi_conn_free(conn);
    return !is_cancelled;
}

/* An idle connection of @instance (0: any), or false. */
bool
meishi_pool_take_idle(struct meishi_call *call, uint64_t instance)
{
    struct meishi_conn *conn = NULL, *dead = NULL;

    lock();
    while (call->cancelled == MEISHI_CANCEL_NOT && conn == NULL &&
           (conn = pop(&pool.idle)) != NULL) {
        pool.n_idle--;
        if (meishi_sock_is_ours(&conn->sock) && (instance == 0 || conn->instance == instance))
            continue;
        push(&dead, conn);
        conn = NULL;
    }
    if (conn != NULL) {
        push(&pool.busy, conn);
        call->conn = conn;
    }
    unlock();
    while ((dead != NULL))
        meishi_conn_free(pop(&dead));
    return conn != NULL;
}

void
meishi_client_set_flags(uint32_t flags)
{
    lock();
    pool.flags = flags;
    unlock();
}

static uint32_t
common_flags(void)
{
    uint32_t flags;

    lock();
    flags = pool.flags;
    unlock();
    return flags;
}

static void
note_hello(uint64_t instance)
{
    lock();
    if (pool.instance != instance)
        free_idle(); /* of the daemon before */
    pool.instance = instance;
    pool.retry_at_ms = 0;
    unlock();
}

enum meishi_client_result
meishi_pool_connect(struct meishi_call *call, uint32_t flags,
                    struct meishi_msg_hello_reply *ret_reply, struct meishi_packet_fds *ret_fds)
{
    struct meishi_conn *conn;
    int r = meishi_conn_open(&conn);

    meishi_trace("connect", -r);
    if (r < 0)
        return meishi_pool_result(r);
    if (!take(call, conn))
        return MEISHI_CLIENT_CANCELLED;
    r = meishi_conn_hello(conn, flags | common_flags(), ret_reply, ret_fds);
    meishi_trace("hello", -r);
    if (r == 0) {
        note_hello(ret_reply->instance);
        return MEISHI_CLIENT_OK;
    }
    meishi_pool_release(call, false);
    return meishi_pool_is_cancelled(call) ? MEISHI_CLIENT_CANCELLED : meishi_pool_result(r);
}

enum meishi_client_result
meishi_pool_acquire(struct meishi_call *call)
{
    struct meishi_msg_hello_reply reply;
    struct meishi_packet_fds fds;

    if (meishi_pool_take_idle(call, 0))
        return MEISHI_CLIENT_OK;
    return meishi_pool_connect(call, 0, &reply, &fds);
}

static bool
was_daemon_seen(void)
{
    bool was_seen;

    lock();
    was_seen = pool.instance != 0;
    unlock();
    return was_seen;
}

/* As meishi_pool_acquire(), with patience for a daemon that is being restarted. */
enum meishi_client_result
meishi_pool_acquire_patiently(struct meishi_call *call)
{
    int64_t end_ms = meishi_sock_now_ms() + RESTART_MS;
    int64_t pause_ms = FIRST_PAUSE_MS;

    for (;;) {
        enum meishi_client_result result = meishi_pool_acquire(call);

        if (result != MEISHI_CLIENT_ABSENT)
            return result;
        if (!was_daemon_seen())
            return MEISHI_CLIENT_ABSENT;
        if (meishi_sock_now_ms() >= end_ms)
            return MEISHI_CLIENT_GONE;
        if (!meishi_client_sleep(call, pause_ms))
            return MEISHI_CLIENT_CANCELLED;
        pause_ms = pause_ms * 2 < LONGEST_PAUSE_MS ? pause_ms * 2 : LONGEST_PAUSE_MS;
    }
}

/* ---- looking for the daemon ------------------------------------------------------------------ */

void
meishi_pool_forget_idle(void)
{
    lock();
    free_idle();
    unlock();
}

bool
meishi_client_is_current(uint64_t instance)
{
    bool is_current;

    lock();
    if (pool.idle != NULL && meishi_sock_is_dead(&pool.idle->sock))
        free_idle();
    is_current = pool.instance == instance && (pool.idle != NULL || pool.busy != NULL);
    unlock();
    return is_current;
}

bool
meishi_pool_is_fetch_due(void)
{
    bool is_due;

    lock();
    is_due = meishi_sock_now_ms() >= pool.retry_at_ms;
    unlock();
    return is_due;
}

void
meishi_pool_delay_fetch(enum meishi_client_result result)
{
    int64_t pause_ms = result == MEISHI_CLIENT_SILENT ? RETRY_SILENT_MS : RETRY_ABSENT_MS;

    lock();
    pool.retry_at_ms = meishi_sock_now_ms() + pause_ms;
    unlock();
}

/* ---- fork ---------------------------------------------------------------------------------- */

void
meishi_client_fork_prepare(void)
{
    lock();
}

void
meishi_client_fork_parent(void)
{
    unlock();
}

/* The child's copies of the descriptors are closed, which tells the daemon nothing: the parent
 * still has its own.  The structs go to the idle list, which frees what has no socket, because a
 * child of a program with threads should not call free() here. */
void
meishi_client_fork_child(void)
{
    struct meishi_conn *conn;

    while ((conn = pop(&pool.busy)) != NULL)
        push(&pool.idle, conn);
    pool.n_idle = 0;
    for (conn = pool.idle; conn != NULL; conn = conn->next) {
        meishi_sock_close(&conn->sock);
        pool.n_idle++;
    }
    pool.calls = NULL;
    pool.retry_at_ms = 0;
    init_condition();
    unlock();
}
