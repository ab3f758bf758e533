/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Jobs in, replies out.  A reply is whole before any byte of it is sent, and goes out under a lock:
 * the daemon reads packets.
 */
#include "daemon/tokenhost/worker.h"

#include "daemon/tokenhost/listing.h"
#include "daemon/tokenhost/operation.h"
#include "daemon/tokenhost/session.h"
#include "daemon/tokenhost/slots.h"
#include "daemon/tokenhost/writing.h"
#include "module/wire/memfile.h"
#include "module/wire/packet.h"
#include "module/wire/wipe.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct {
    MeishiWorkers *workers;
    GAsyncQueue *jobs;
} Worker;

typedef struct {
    MeishiHostRequest request;
    GBytes *frame;
    MeishiSession *session; /* NULL: concerns no slot */
} Job;

struct MeishiWorkers {
    const char *path;
    int sock;
    GMutex send_lock;
    MeishiForeign foreign;
    MeishiPresence *presence;
    GHashTable *sessions; /* guint64 * -> MeishiSession; the main thread's */
    GHashTable *slots;    /* guint64 * -> Worker; the main thread's */
    Worker *module;
    Worker *watcher;
};

/* ---- replying ------------------------------------------------------------------------------ */

/* The daemon is gone where it cannot be told anything; the main thread notices as well. */
static void
send_reply(MeishiWorkers *workers, const MeishiHostReply *reply, int fd)
{
    const struct meishi_packet_fds fds = {.n = fd >= 0 ? 1 : 0, .fd = {fd}};
    struct meishi_buf buf;

    meishi_buf_init(&buf, MEISHI_WIRE_MAX_FRAME);
    meishi_host_reply_encode(&buf, reply);
    if (buf.failed) {
        const MeishiHostReply too_long = {
            .type = reply->type, .call = reply->call, .status = MEISHI_HOST_TOO_LONG};

        meishi_buf_reset(&buf);
        meishi_host_reply_encode(&buf, &too_long);
    }
    g_mutex_lock(&workers->send_lock);
    if (meishi_packet_send(workers->sock, buf.data, buf.len, &fds, 0) < 0)
        _exit(EXIT_FAILURE);
    g_mutex_unlock(&workers->send_lock);
    meishi_buf_clear(&buf);
}

/* ---- requests ------------------------------------------------------------------------------ */

static void
run_initialize(MeishiWorkers *workers, const MeishiHostRequest *request, MeishiHostReply *reply)
{
    reply->status = meishi_foreign_start(&workers->foreign, workers->path, request->data, reply);
    send_reply(workers, reply, -1);
}

static void
run_slots(MeishiWorkers *workers, MeishiHostReply *reply)
{
    g_autofree MeishiSlots *slots = g_new0(MeishiSlots, 1);

    reply->status = meishi_slots_read(&workers->foreign, workers->presence, slots, reply);
    send_reply(workers, reply, -1);
}

static void
run_wait(MeishiWorkers *workers, MeishiHostReply *reply)
{
    CK_SLOT_ID slot = 0;

    if (g_atomic_int_get(&workers->foreign.is_serial))
        reply->status = CKR_FUNCTION_NOT_SUPPORTED;
    else
        reply->status = workers->foreign.calls.C_WaitForSlotEvent(0, &slot, NULL);
    reply->slot = slot;
    send_reply(workers, reply, -1);
}

static void
run_objects(MeishiWorkers *workers, Job *job, MeishiHostReply *reply)
{
    struct meishi_buf listing;
    int fd = -1;

    meishi_buf_init(&listing, MEISHI_HOST_MAX_LISTING);
    /* A memory file cannot be empty: the first byte says nothing. */
    meishi_buf_add_u8(&listing, 0);
    reply->status = meishi_listing_read(job->session, job->request.number, &listing);
    if (reply->status == CKR_OK && listing.failed)
        reply->status = MEISHI_HOST_TOO_LONG;
    if (reply->status == CKR_OK)
        fd = meishi_memfile_new("meishi-objects", listing.data, listing.len);
    if (reply->status == CKR_OK && fd < 0)
        reply->status = CKR_HOST_MEMORY;
    send_reply(workers, reply, fd);
    if (fd >= 0)
        (void)close(fd);
    meishi_buf_clear(&listing);
}

static void
run_mechanisms(MeishiWorkers *workers, Job *job, MeishiHostReply *reply)
{
    g_autofree MeishiHostMechanism *list = g_new0(MeishiHostMechanism, MEISHI_HOST_MAX_MECHANISMS);

    reply->mechanisms = list;
    reply->status = meishi_slots_mechanisms(&workers->foreign, job->request.slot, list, &reply->n);
    send_reply(workers, reply, -1);
}

static void
run_operate(MeishiWorkers *workers, Job *job, MeishiHostReply *reply)
{
    MeishiSession *session = job->session;
    guint8 *out;
    gsize len = 0;

    if (session->result == NULL)
        session->result = meishi_secret_new(MEISHI_WIRE_MAX_RESULT);
    out = meishi_secret_writable(session->result);
    reply->status = meishi_operation_run(session, &job->request, out, &len);
    reply->result = (struct meishi_bytes){out, len};
    send_reply(workers, reply, -1);
    meishi_wipe(out, MEISHI_WIRE_MAX_RESULT);
}

static guint64
run_plain(MeishiSession *session, const MeishiHostRequest *request, MeishiHostReply *reply)
{
    MeishiSecret *const *pins = request->pins;

    switch (request->type) {
    case MEISHI_HOST_LOGIN:
        return meishi_session_login(session, (CK_USER_TYPE)request->number, pins[0]);
    case MEISHI_HOST_LOGOUT:
        return meishi_session_judge(session, session->foreign->calls.C_Logout(session->handle));
    case MEISHI_HOST_SET_PIN:
        return meishi_session_set_pin(session, (CK_USER_TYPE)request->number, pins[0], pins[1]);
    case MEISHI_HOST_INIT_PIN:
        return meishi_session_init_pin(session, pins[0], pins[1]);
    case MEISHI_HOST_INIT_TOKEN:
        return meishi_session_init_token(session, pins[0], request->data);
    case MEISHI_HOST_CREATE:
        return meishi_writing_create(session, pins[0], &reply->object);
    case MEISHI_HOST_DESTROY:
        return meishi_writing_destroy(session, request->number);
    default:
        return CKR_FUNCTION_NOT_SUPPORTED;
    }
}

static void
run_in_session(MeishiWorkers *workers, Job *job, MeishiHostReply *reply)
{
    reply->status = job->request.type == MEISHI_HOST_INIT_TOKEN
                        ? meishi_session_check(job->session, job->request.presence)
                        : meishi_session_open(job->session, job->request.presence);
    if (reply->status != CKR_OK) {
        send_reply(workers, reply, -1);
    } else if (job->request.type == MEISHI_HOST_OBJECTS) {
        run_objects(workers, job, reply);
    } else if (job->request.type == MEISHI_HOST_MECHANISMS) {
        run_mechanisms(workers, job, reply);
    } else if (job->request.type == MEISHI_HOST_OPERATE) {
        run_operate(workers, job, reply);
    } else {
        reply->status = run_plain(job->session, &job->request, reply);
        send_reply(workers, reply, -1);
    }
}

static void
run_job(MeishiWorkers *workers, Job *job)
{
    MeishiHostReply reply = {.type = job->request.type, .call = job->request.call};

    if (job->request.type == MEISHI_HOST_INITIALIZE)
        run_initialize(workers, &job->request, &reply);
    else if (job->request.type == MEISHI_HOST_SLOTS)
        run_slots(workers, &reply);
    else if (job->request.type == MEISHI_HOST_WAIT)
        run_wait(workers, &reply);
    else
        run_in_session(workers, job, &reply);
}

/* ---- threads ------------------------------------------------------------------------------- */

static void
job_free(Job *job)
{
    meishi_host_request_clear(&job->request);
    g_bytes_unref(job->frame);
    g_free(job);
}

static gpointer
work(gpointer data)
{
    Worker *worker = data;

    for (;;) {
        Job *job = g_async_queue_pop(worker->jobs);

        run_job(worker->workers, job);
        job_free(job);
    }
    return NULL;
}

static Worker *
worker_new(MeishiWorkers *workers)
{
    Worker *worker = g_new0(Worker, 1);

    worker->workers = workers;
    worker->jobs = g_async_queue_new();
    g_thread_unref(g_thread_new("module", work, worker));
    return worker;
}

static gboolean
concerns_slot(MeishiHostType type)
{
    return type != MEISHI_HOST_INITIALIZE && type != MEISHI_HOST_SLOTS && type != MEISHI_HOST_WAIT;
}

static MeishiSession *
find_session(MeishiWorkers *workers, guint64 slot)
{
    MeishiSession *session = g_hash_table_lookup(workers->sessions, &slot);

    if (session == NULL) {
        session = g_new0(MeishiSession, 1);
        session->foreign = &workers->foreign;
        session->presence = workers->presence;
        session->slot = slot;
        g_hash_table_insert(workers->sessions, &session->slot, session);
    }
    return session;
}

static Worker *
find_worker(MeishiWorkers *workers, const MeishiSession *session, MeishiHostType type)
{
    Worker *worker;

    if (g_atomic_int_get(&workers->foreign.is_serial) ||
        (session == NULL && type != MEISHI_HOST_WAIT))
        return workers->module;
    if (session == NULL)
        return workers->watcher;
    worker = g_hash_table_lookup(workers->slots, &session->slot);
    if (worker == NULL) {
        worker = worker_new(workers);
        g_hash_table_insert(workers->slots, (gpointer)&session->slot, worker);
    }
    return worker;
}

void
meishi_workers_run(MeishiWorkers *workers, const MeishiHostRequest *request, GBytes *frame)
{
    Job *job = g_new0(Job, 1);

    job->request = *request;
    job->frame = frame;
    if (concerns_slot(request->type))
        job->session = find_session(workers, request->slot);
    g_async_queue_push(find_worker(workers, job->session, request->type)->jobs, job);
}

MeishiWorkers *
meishi_workers_new(const char *path, int sock)
{
    MeishiWorkers *workers = g_new0(MeishiWorkers, 1);

    workers->path = path;
    workers->sock = sock;
    g_mutex_init(&workers->send_lock);
    workers->presence = meishi_presence_new();
    workers->sessions = g_hash_table_new(g_int64_hash, g_int64_equal);
    workers->slots = g_hash_table_new(g_int64_hash, g_int64_equal);
    workers->module = worker_new(workers);
    workers->watcher = worker_new(workers);
    return workers;
}

MeishiForeign *
meishi_workers_foreign(MeishiWorkers *workers)
{
    return &workers->foreign;
}
