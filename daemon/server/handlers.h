/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the daemon does with each request: a frame in, a reply frame or a verdict out.
 *
 * Handlers run on workers.  They do no I/O on the connection, never wait and decide nothing: what
 * needs the main loop is put off with an errand, and the same handler runs again when that is
 * done.
 */
#pragma once

#include "daemon/agent/agent.h"
#include "daemon/server/conn.h"
#include "module/wire/buf.h"

/* What all requests are served from; the same for the life of the server. */
typedef struct {
    MeishiKeyCache *keys;
} MeishiService;

typedef struct {
    const MeishiService *service;
    MeishiAudience *audience; /* the connection's */
    struct meishi_msg_head head;
    struct meishi_bytes body;
    struct meishi_packet_fds *fds; /* that came with the frame; closed by the caller */
    MeishiErrand *errand;          /* NULL at first; the handler makes one when it puts off */
    gboolean may_take_long;        /* a long request has been given its turn */

    struct meishi_buf *reply;
    guint8 *result; /* MEISHI_WIRE_MAX_RESULT bytes to work in; wiped by the handler */
    struct meishi_packet_fds reply_fds; /* borrowed from @view and the board */
    MeishiView *view;                   /* dropped after the reply was sent */
} MeishiWireRequest;

typedef enum {
    MEISHI_VERDICT_ANSWER,   /* @reply holds the answer */
    MEISHI_VERDICT_REJECT,   /* it does, and the connection ends */
    MEISHI_VERDICT_NONSENSE, /* the frame breaks the protocol */
    MEISHI_VERDICT_PUT_OFF,  /* @errand is for the main loop; run again when it is done */
    MEISHI_VERDICT_LONG,     /* run again with may_take_long */
} MeishiVerdict;

/* Says whether @type is a request that we know, and whether it is the greeting. */
MeishiConnEvent meishi_handlers_classify(guint32 type);

/* Runs the handler of a request that meishi_handlers_classify() knew.  @keep_frame: whether the
 * frame is needed when the request runs again. */
MeishiVerdict meishi_handlers_run(MeishiWireRequest *request, gboolean *ret_keep_frame);
