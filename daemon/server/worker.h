/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Serving one connection: receive a frame, run its handler, send the reply.
 *
 * A worker belongs to one thread and holds the buffers that requests are served with.  It never
 * blocks: a client that does not take its reply loses its connection.
 */
#pragma once

#include "daemon/server/handlers.h"

typedef struct MeishiWorker MeishiWorker;

typedef enum {
    MEISHI_SERVED_ANSWERED, /* ready for the next frame */
    MEISHI_SERVED_NOTHING,  /* no frame was there */
    MEISHI_SERVED_PARKED,   /* the main loop goes on with it */
    MEISHI_SERVED_LONG,     /* parked until it has its turn */
    MEISHI_SERVED_OVER,     /* the connection is to be closed */
} MeishiServed;

MeishiWorker *meishi_worker_new(const MeishiService *service);
void meishi_worker_free(MeishiWorker *worker);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiWorker, meishi_worker_free)

/* Serves the request that @conn has parked, or else the next one on its socket. */
MeishiServed meishi_worker_serve(MeishiWorker *worker, MeishiConn *conn, gboolean may_take_long);
