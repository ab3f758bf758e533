/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The I/O around the handlers.  What a frame or a reply held is wiped before the next one: PINs
 * come in and decrypted data go out.
 */
#include "daemon/server/worker.h"

#include "module/wire/wipe.h"

#include <errno.h>
#include <sys/socket.h>

struct MeishiWorker {
    const MeishiService *service;
    struct meishi_buf reply;
    guint8 frame[MEISHI_WIRE_MAX_FRAME];
    guint8 result[MEISHI_WIRE_MAX_RESULT];
};

/* A request in the worker's hands: in its own buffer, or in the connection's. */
typedef struct {
    MeishiConn *conn;
    const guint8 *frame;
    gsize len;
    struct meishi_packet_fds fds;
    MeishiWireRequest request;
} Job;

MeishiWorker *
meishi_worker_new(const MeishiService *service)
{
    MeishiWorker *worker = g_new0(MeishiWorker, 1);

    worker->service = service;
    meishi_buf_init(&worker->reply, MEISHI_WIRE_MAX_FRAME);
    return worker;
}

void
meishi_worker_free(MeishiWorker *worker)
{
    if (worker == NULL)
        return;
    meishi_buf_clear(&worker->reply);
    g_free(worker);
}

static void
job_clear(MeishiWorker *worker, Job *job)
{
    meishi_packet_fds_close(&job->fds);
    g_clear_pointer(&job->request.view, meishi_view_unref);
    if (job->frame == worker->frame)
        meishi_wipe(worker->frame, job->len);
    meishi_buf_reset(&worker->reply);
}

/* The reply fits the socket's buffer unless the client has stopped reading. */
static gboolean
send_reply(MeishiWorker *worker, Job *job)
{
    return !worker->reply.failed &&
           meishi_packet_send(job->conn->fd, worker->reply.data, worker->reply.len,
                              &job->request.reply_fds, MSG_DONTWAIT) == 0;
}

static MeishiServed
refuse(MeishiWorker *worker, Job *job)
{
    meishi_buf_reset(&worker->reply);
    job->request.reply_fds.n = 0;
    meishi_msg_error_encode(&worker->reply, job->request.head.type, job->request.head.call,
                            MEISHI_WIRE_BAD_MESSAGE);
    (void)!send_reply(worker, job);
    return MEISHI_SERVED_OVER;
}

static MeishiServed
put_off(Job *job, MeishiServed served, gboolean keep_frame)
{
    MeishiConn *conn = job->conn;

    if (meishi_conn_step(conn, MEISHI_CONN_PUT_OFF) != MEISHI_CONN_PARK)
        return MEISHI_SERVED_OVER;
    conn->errand = job->request.errand;
    if (conn->frame == NULL)
        meishi_conn_keep(conn, &job->request.head, keep_frame ? job->frame : NULL, job->len,
                         &job->fds);
    else
        meishi_conn_keep(conn, &job->request.head, NULL, 0, &job->fds);
    return served;
}

static MeishiServed
conclude(MeishiWorker *worker, Job *job, MeishiConnEvent event)
{
    if (!send_reply(worker, job))
        event = MEISHI_CONN_HUNG_UP;
    meishi_conn_forget(job->conn);
    return meishi_conn_step(job->conn, event) == MEISHI_CONN_LISTEN ? MEISHI_SERVED_ANSWERED
                                                                    : MEISHI_SERVED_OVER;
}

static MeishiServed
run(MeishiWorker *worker, Job *job)
{
    gboolean keep_frame;

    switch (meishi_handlers_run(&job->request, &keep_frame)) {
    case MEISHI_VERDICT_ANSWER:
        return conclude(worker, job, MEISHI_CONN_ANSWERED);
    case MEISHI_VERDICT_REJECT:
        return conclude(worker, job, MEISHI_CONN_REJECTED);
    case MEISHI_VERDICT_PUT_OFF:
        return put_off(job, MEISHI_SERVED_PARKED, keep_frame);
    case MEISHI_VERDICT_LONG:
        return put_off(job, MEISHI_SERVED_LONG, keep_frame);
    case MEISHI_VERDICT_NONSENSE:
    default:
        (void)!meishi_conn_step(job->conn, MEISHI_CONN_NONSENSE);
        return refuse(worker, job);
    }
}

/* Reads the next frame into the worker's buffer; 0 or a negative errno where there is none. */
static gssize
receive(MeishiWorker *worker, Job *job)
{
    gssize got = meishi_packet_recv(job->conn->fd, worker->frame, sizeof worker->frame,
                                    MSG_DONTWAIT, &job->fds);

    job->frame = worker->frame;
    job->len = got > 0 ? (gsize)got : 0;
    return got;
}

/* Takes the head off and asks the state machine; a broken frame has no head to answer to. */
static MeishiConnAction
open_frame(Job *job)
{
    MeishiWireRequest *request = &job->request;
    MeishiConnEvent event = MEISHI_CONN_NONSENSE;

    if (meishi_msg_head_decode(job->frame, job->len, &request->head, &request->body))
        event = meishi_handlers_classify(request->head.type);
    else
        request->head = (struct meishi_msg_head){.type = 0};
    return meishi_conn_step(job->conn, event);
}

static MeishiServed
serve_new(MeishiWorker *worker, Job *job)
{
    gssize got = receive(worker, job);

    if (got == -EAGAIN)
        return MEISHI_SERVED_NOTHING;
    if (got <= 0 && got != -EMSGSIZE && got != -EPROTO) {
        (void)!meishi_conn_step(job->conn, MEISHI_CONN_HUNG_UP);
        return MEISHI_SERVED_OVER;
    }
    if (open_frame(job) != MEISHI_CONN_SERVE)
        return refuse(worker, job);
    return run(worker, job);
}

static MeishiServed
serve_parked(MeishiWorker *worker, Job *job)
{
    MeishiConn *conn = job->conn;
    MeishiWireRequest *request = &job->request;

    if (meishi_conn_step(conn, MEISHI_CONN_RESUMED) != MEISHI_CONN_SERVE)
        return MEISHI_SERVED_OVER;
    job->frame = conn->frame;
    job->len = conn->frame_len;
    job->fds = conn->fds;
    conn->fds.n = 0;
    request->head = conn->head;
    request->errand = conn->errand;
    if (conn->frame != NULL &&
        !meishi_msg_head_decode(conn->frame, conn->frame_len, &request->head, &request->body))
        return refuse(worker, job);
    return run(worker, job);
}

MeishiServed
meishi_worker_serve(MeishiWorker *worker, MeishiConn *conn, gboolean may_take_long)
{
    Job job = {.conn = conn, .fds = {.n = 0}};
    MeishiServed served;

    job.request.service = worker->service;
    job.request.audience = conn->audience;
    job.request.fds = &job.fds;
    job.request.may_take_long = may_take_long;
    job.request.reply = &worker->reply;
    job.request.result = worker->result;
    served =
        conn->state == MEISHI_CONN_PARKED ? serve_parked(worker, &job) : serve_new(worker, &job);
    job_clear(worker, &job);
    return served;
}
