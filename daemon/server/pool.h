/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The workers: some threads that wait on one epoll set for whichever client speaks next.
 *
 * Plain pthread locks throughout, so that ThreadSanitizer sees them all.
 */
#pragma once

#include "daemon/server/conn.h"
#include "daemon/server/handlers.h"

typedef struct MeishiPool MeishiPool;

/* Called by a worker with a connection that waits for the main loop; owns it from then on. */
typedef void (*MeishiPoolHandOver)(MeishiConn *conn, gpointer user_data);

typedef struct {
    const MeishiService *service;
    guint n_workers;
    MeishiPoolHandOver hand_over;
    gpointer user_data;
} MeishiPoolOptions;

/* BUSY where the system gives no more threads or descriptors. */
MeishiPool *
meishi_pool_new(const MeishiPoolOptions *options, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Ends the workers, after what each is doing.  Connections may still be given back. */
void meishi_pool_stop(MeishiPool *pool);

/* Stops the pool and closes every connection.  NULL is fine. */
void meishi_pool_free(MeishiPool *pool);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiPool, meishi_pool_free)

/* Any thread.  Each gives the connection away. */
void meishi_pool_add(MeishiPool *pool, MeishiConn *conn);
void meishi_pool_resume(MeishiPool *pool, MeishiConn *conn); /* its errand is done */
void meishi_pool_drop(MeishiPool *pool, MeishiConn *conn);

guint meishi_pool_n_conns(MeishiPool *pool);

/* From now on no new request is read; those under way go on. */
void meishi_pool_drain(MeishiPool *pool);

/* The number of requests that were read and not answered. */
guint meishi_pool_n_requests(MeishiPool *pool);
