/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A host is down, starting, or ready.
 *
 *      down ── pause ──► starting ── C_Initialize ──► ready
 *       ▲                    │                          │
 *       └────── ended, late, nonsense ◄─────────────────┘
 *
 * One watchdog guards the calls: the oldest one that is under way has its deadline, from the moment
 * at which it became the oldest.  Most modules do one thing at a time behind a lock, so that a
 * younger one may have to wait for it, and is not late for that.
 */
#include "daemon/token/host.h"

#include "daemon/base/error.h"
#include "daemon/base/paths.h"
#include "daemon/base/source.h"
#include "daemon/token/host-process.h"
#include "daemon/token/host-secrets.h"
#include "daemon/token/rv.h"
#include "module/wire/cryptoki.h"
#include "module/wire/memfile.h"
#include "module/wire/packet.h"
#include "module/wire/wipe.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define PROGRAM        "meishi-tokenhost"
#define FIRST_PAUSE_MS 500
#define LAST_PAUSE_MS  (5 * 60 * 1000)
#define HEALTHY_US     (60 * G_USEC_PER_SEC) /* ready for so long: the pauses begin anew */

static char *program_path;
static guint longest_deadline_ms = G_MAXUINT;
static guint first_pause_ms = FIRST_PAUSE_MS;

typedef struct {
    MeishiHostType type;
    guint32 number;
    guint deadline_ms;
    GTask *task;
} Call;

struct MeishiTokenHost {
    MeishiTokenHostOptions options;
    char *module;
    char *reserved;
    MeishiHostProcess *process; /* NULL: down */
    gboolean is_ready;
    gint64 ready_since;
    MeishiSecret *inbox; /* where packets are received: locking memory takes time */
    GQueue calls;        /* Call, oldest first */
    guint32 last_number;
    GSource *watchdog;    /* of the oldest call with a deadline */
    guint32 watched;      /* its number */
    GSource *start_timer; /* down: the pause */
    guint n_failures;     /* in a row */
    gboolean was_late;
    guint64 n_answers;
    GCancellable *life; /* of this process: what it answered counts no more when it is gone */
};

static void start(MeishiTokenHost *host);

void
meishi_token_host_set_program(const char *path)
{
    g_free(program_path);
    program_path = g_strdup(path);
}

void
meishi_token_host_set_pace(guint deadline_ms, guint pause_ms)
{
    longest_deadline_ms = deadline_ms;
    first_pause_ms = pause_ms;
}

void
meishi_host_answer_free(MeishiHostAnswer *answer)
{
    if (answer == NULL)
        return;
    meishi_host_reply_clear(&answer->reply);
    meishi_secret_unref(answer->frame);
    meishi_memfile_unmap(&answer->listing);
    g_free(answer);
}

static GSource *
attach(GSource *source, GSourceFunc callback, MeishiTokenHost *host)
{
    g_source_set_callback(source, callback, host, NULL);
    g_source_attach(source, g_main_context_get_thread_default());
    return source;
}

/* ---- the end of a process ------------------------------------------------------------------- */

/* What a call came to, on its way to whoever made it. */
typedef struct {
    GTask *task;
    MeishiHostAnswer *answer;
    GError *error;
} Outcome;

static gboolean
on_outcome(gpointer user_data)
{
    Outcome *outcome = user_data;

    if (outcome->error != NULL)
        g_task_return_error(outcome->task, g_steal_pointer(&outcome->error));
    else
        g_task_return_pointer(outcome->task, g_steal_pointer(&outcome->answer),
                              (GDestroyNotify)meishi_host_answer_free);
    return G_SOURCE_REMOVE;
}

static void
outcome_free(gpointer data)
{
    Outcome *outcome = data;

    g_object_unref(outcome->task);
    meishi_host_answer_free(outcome->answer);
    g_clear_error(&outcome->error);
    g_free(outcome);
}

/* Takes over everything.  From the main loop and never from in here: GTask may call back at once,
 * and whoever is called back may do anything to the host. */
static void
finish_call(Call *call, MeishiHostAnswer *answer, GError *error)
{
    g_autoptr(GSource) source = g_idle_source_new();
    Outcome *outcome = g_new0(Outcome, 1);

    outcome->task = call->task;
    outcome->answer = answer;
    outcome->error = error;
    g_source_set_priority(source, G_PRIORITY_DEFAULT);
    g_source_set_callback(source, on_outcome, outcome, outcome_free);
    g_source_attach(source, g_task_get_context(call->task));
    g_free(call);
}

static void
fail_calls(MeishiTokenHost *host, const GError *why)
{
    Call *call;

    meishi_source_clear(&host->watchdog);
    while ((call = g_queue_pop_head(&host->calls)) != NULL)
        finish_call(call, NULL, g_error_copy(why));
}

static gboolean
on_pause_over(gpointer user_data)
{
    MeishiTokenHost *host = user_data;

    meishi_source_clear(&host->start_timer);
    start(host);
    return G_SOURCE_REMOVE;
}

/* Doubles with each failure in a row. */
static guint
next_pause(MeishiTokenHost *host)
{
    guint doublings = MIN(host->n_failures, 16);

    if (host->is_ready && g_get_monotonic_time() - host->ready_since > HEALTHY_US)
        host->n_failures = doublings = 0;
    host->n_failures++;
    return (guint)MIN((guint64)first_pause_ms << doublings, LAST_PAUSE_MS);
}

static void
start_after(MeishiTokenHost *host, guint pause_ms)
{
    meishi_source_clear(&host->start_timer);
    host->start_timer = attach(g_timeout_source_new(pause_ms), on_pause_over, host);
}

/* Takes the process away without a word to anybody but its callers. */
static void
drop_process(MeishiTokenHost *host, const GError *why)
{
    host->is_ready = FALSE;
    if (host->life != NULL)
        g_cancellable_cancel(host->life);
    g_clear_object(&host->life);
    g_clear_pointer(&host->process, meishi_host_process_free);
    fail_calls(host, why);
}

static void
go_down(MeishiTokenHost *host, const GError *why)
{
    guint pause_ms = next_pause(host);

    drop_process(host, why);
    start_after(host, pause_ms);
    host->options.lost(host, why, pause_ms, host->options.user_data);
}

static void
on_ended(const char *how, gpointer user_data)
{
    MeishiTokenHost *host = user_data;
    g_autoptr(GError) why = g_error_new(MEISHI_ERROR, MEISHI_ERROR_UNAVAILABLE,
                                        "The process with the module %s %s.", host->module, how);

    go_down(host, why);
}

/* Does not wait for its end: a process may hang in a driver, where no signal reaches it. */
static void G_GNUC_PRINTF(3, 4)
    kill_process(MeishiTokenHost *host, MeishiErrorCode code, const char *format, ...)
{
    g_autoptr(GError) why = NULL;
    va_list arguments;

    va_start(arguments, format);
    why = g_error_new_valist(MEISHI_ERROR, (gint)code, format, arguments);
    va_end(arguments);
    meishi_host_process_kill(host->process);
    go_down(host, why);
}

/* ---- the watchdog --------------------------------------------------------------------------- */

static Call *
find_oldest(MeishiTokenHost *host)
{
    for (const GList *link = host->calls.head; link != NULL; link = link->next) {
        Call *call = link->data;

        if (call->deadline_ms != MEISHI_HOST_NO_DEADLINE)
            return call;
    }
    return NULL;
}

static gboolean
on_late(gpointer user_data)
{
    MeishiTokenHost *host = user_data;
    Call *call = find_oldest(host);
    MeishiHostType type;
    guint seconds;

    if (call == NULL)
        return G_SOURCE_REMOVE;
    seconds = (call->deadline_ms + 999) / 1000;
    host->was_late = TRUE;
    g_queue_remove(&host->calls, call);
    type = call->type;
    finish_call(call, NULL,
                g_error_new(MEISHI_ERROR, MEISHI_ERROR_TIMEOUT,
                            "The token did not answer within %u seconds.", seconds));
    kill_process(host, MEISHI_ERROR_UNAVAILABLE,
                 "The module %s did not finish %s within %u seconds and was ended.", host->module,
                 meishi_host_type_name(type), seconds);
    return G_SOURCE_REMOVE;
}

static void
watch_oldest(MeishiTokenHost *host)
{
    const Call *call = find_oldest(host);

    if (call != NULL && host->watchdog != NULL && host->watched == call->number)
        return;
    meishi_source_clear(&host->watchdog);
    if (call == NULL)
        return;
    host->watched = call->number;
    host->watchdog = attach(g_timeout_source_new(call->deadline_ms), on_late, host);
}

/* ---- answers -------------------------------------------------------------------------------- */

static Call *
find_call(MeishiTokenHost *host, const MeishiHostReply *reply)
{
    for (const GList *link = host->calls.head; link != NULL; link = link->next) {
        Call *call = link->data;

        if (call->number == reply->call)
            return call->type == reply->type ? call : NULL;
    }
    return NULL;
}

/* FALSE where the packet is not an answer as the protocol has them. */
static gboolean
read_answer(MeishiHostAnswer *answer, const struct meishi_packet_fds *fds)
{
    if (!meishi_host_reply_decode(meishi_secret_data(answer->frame),
                                  meishi_secret_len(answer->frame), &answer->reply) ||
        fds->n != meishi_host_reply_n_fds(&answer->reply))
        return FALSE;
    if (fds->n == 0)
        return TRUE;
    return meishi_memfile_map(fds->fd[0], MEISHI_HOST_MAX_LISTING, &answer->listing);
}

static void
deliver(MeishiTokenHost *host, Call *call, MeishiHostAnswer *answer)
{
    host->n_answers++;
    g_queue_remove(&host->calls, call);
    watch_oldest(host);
    finish_call(call, answer, NULL);
}

/* FALSE where that was the end of the process. */
static gboolean
take_packet(MeishiTokenHost *host, MeishiSecret *frame, struct meishi_packet_fds *fds)
{
    g_autoptr(MeishiHostAnswer) answer = g_new0(MeishiHostAnswer, 1);
    gboolean is_good;
    Call *call;

    answer->frame = meishi_secret_ref(frame);
    is_good = read_answer(answer, fds);
    meishi_packet_fds_close(fds);
    call = is_good ? find_call(host, &answer->reply) : NULL;
    if (call == NULL)
        kill_process(host, MEISHI_ERROR_UNAVAILABLE,
                     "The process with the module %s answers nonsense and was ended.",
                     host->module);
    else
        deliver(host, call, g_steal_pointer(&answer));
    return call != NULL;
}

/* After the end of the stream the process has ended or is about to; if not, it is made to.  Its
 * exit status is settled before its descriptors are closed. */
static gboolean
on_readable(gpointer user_data)
{
    MeishiTokenHost *host = user_data;
    guint8 *inbox = meishi_secret_writable(host->inbox);
    g_autoptr(MeishiSecret) frame = NULL;
    struct meishi_packet_fds fds = {.n = 0};
    ssize_t n = meishi_packet_recv(meishi_host_process_socket(host->process), inbox,
                                   MEISHI_WIRE_MAX_FRAME, MSG_DONTWAIT, &fds);

    if (n == -EAGAIN)
        return G_SOURCE_CONTINUE;
    if (n <= 0) {
        meishi_host_process_kill(host->process);
        return G_SOURCE_REMOVE;
    }
    frame = meishi_secret_new_copy(inbox, (gsize)n);
    meishi_wipe(inbox, (gsize)n);
    return take_packet(host, frame, &fds);
}

/* ---- calls ---------------------------------------------------------------------------------- */

static gboolean
send_request(MeishiTokenHost *host, const MeishiHostRequest *request, GError **error)
{
    struct meishi_packet_fds fds = {.n = 0};
    struct meishi_buf buf;
    int r = -EINVAL;

    meishi_buf_init(&buf, MEISHI_WIRE_MAX_FRAME);
    meishi_host_request_encode(&buf, request);
    if (buf.failed || !meishi_host_secrets_open(request, &fds))
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT,
                    "This is too much for one request to a token.");
    else
        r = meishi_packet_send(meishi_host_process_socket(host->process), buf.data, buf.len, &fds,
                               MSG_DONTWAIT);
    if (r < 0 && *error == NULL) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_UNAVAILABLE,
                    "The process with the module %s does not listen.", host->module);
        meishi_host_process_kill(host->process);
    }
    meishi_packet_fds_close(&fds);
    meishi_buf_clear(&buf);
    return r == 0;
}

static void
begin_call(MeishiTokenHost *host, const MeishiHostRequest *request, guint deadline_ms, GTask *task)
{
    MeishiHostRequest numbered = *request;
    GError *error = NULL;
    Call *call;

    numbered.call = ++host->last_number;
    if (!send_request(host, &numbered, &error)) {
        g_task_return_error(task, error);
        return;
    }
    call = g_new0(Call, 1);
    call->type = request->type;
    call->number = numbered.call;
    call->deadline_ms = MIN(deadline_ms, longest_deadline_ms);
    call->task = g_object_ref(task);
    g_queue_push_tail(&host->calls, call);
    watch_oldest(host);
}

void
meishi_token_host_call_async(MeishiTokenHost *host, const MeishiHostRequest *request,
                             guint deadline_ms, GAsyncReadyCallback callback, gpointer user_data)
{
    g_autoptr(GTask) task = g_task_new(NULL, NULL, callback, user_data);

    if (host->is_ready)
        begin_call(host, request, deadline_ms, task);
    else
        g_task_return_new_error(task, MEISHI_ERROR, MEISHI_ERROR_UNAVAILABLE,
                                "The module %s is not running at the moment.", host->module);
}

MeishiHostAnswer *
meishi_token_host_call_finish(GAsyncResult *result, GError **error)
{
    return g_task_propagate_pointer(G_TASK(result), error);
}

/* ---- starting ------------------------------------------------------------------------------- */

static void
on_said(const char *line, gpointer user_data)
{
    MeishiTokenHost *host = user_data;

    host->options.said(host, line, host->options.user_data);
}

/* Where the process is gone meanwhile, and perhaps the host with it, the task has ended with its
 * life. */
static void
on_initialized(GObject *source, GAsyncResult *result, gpointer user_data)
{
    MeishiTokenHost *host = user_data;
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiHostAnswer) answer = meishi_token_host_call_finish(result, &error);

    if (answer == NULL)
        return; /* "lost" was told, or will be */
    if (answer->reply.status == MEISHI_HOST_NO_LOAD) {
        kill_process(host, MEISHI_ERROR_BAD_FILE, "%s cannot be loaded as a PKCS#11 module.",
                     host->module);
    } else if (answer->reply.status != CKR_OK) {
        g_autofree char *name = meishi_rv_name(answer->reply.status);

        kill_process(host, MEISHI_ERROR_UNAVAILABLE,
                     "The module %s does not start: C_Initialize returned %s.", host->module, name);
    } else {
        host->is_ready = TRUE;
        host->was_late = FALSE;
        host->ready_since = g_get_monotonic_time();
        host->options.ready(host, &answer->reply, host->options.user_data);
    }
}

static void
initialize(MeishiTokenHost *host)
{
    g_autoptr(GTask) task = g_task_new(NULL, host->life, on_initialized, host);
    MeishiHostRequest request = {.type = MEISHI_HOST_INITIALIZE};

    if (host->reserved != NULL)
        request.data =
            (struct meishi_bytes){(const guint8 *)host->reserved, strlen(host->reserved)};
    begin_call(host, &request, MEISHI_HOST_DEADLINE_QUICK_MS, task);
}

static void
start(MeishiTokenHost *host)
{
    g_autofree char *program =
        program_path != NULL ? g_strdup(program_path) : meishi_paths_helper(PROGRAM, "tokenhost");
    const MeishiHostProcessOptions options = {
        .program = program,
        .module = host->module,
        .network = host->options.network,
        .readable = on_readable,
        .ended = on_ended,
        .said = on_said,
        .user_data = host,
    };
    g_autoptr(GError) error = NULL;

    host->life = g_cancellable_new();
    host->process = meishi_host_process_new(&options, &error);
    if (host->process != NULL)
        initialize(host);
    else
        go_down(host, error);
}

void
meishi_token_host_restart(MeishiTokenHost *host, const char *why)
{
    g_autoptr(GError) error = g_error_new(MEISHI_ERROR, MEISHI_ERROR_UNAVAILABLE,
                                          "The module %s was started anew: %s", host->module, why);

    if (host->process == NULL)
        return; /* about to start anyway */
    if (find_oldest(host) != NULL)
        meishi_host_process_kill(host->process); /* it would not come to C_Finalize */
    drop_process(host, error);
    start_after(host, 0);
    host->options.lost(host, error, 0, host->options.user_data);
}

/* ---- life ----------------------------------------------------------------------------------- */

MeishiTokenHost *
meishi_token_host_new(const MeishiTokenHostOptions *options)
{
    MeishiTokenHost *host = g_new0(MeishiTokenHost, 1);

    host->options = *options;
    host->module = g_strdup(options->module);
    host->reserved = g_strdup(options->reserved);
    host->inbox = meishi_secret_new(MEISHI_WIRE_MAX_FRAME);
    g_queue_init(&host->calls);
    start_after(host, 0);
    return host;
}

void
meishi_token_host_free(MeishiTokenHost *host)
{
    g_autoptr(GError) over =
        g_error_new(MEISHI_ERROR, MEISHI_ERROR_CANCELLED, "The daemon is ending.");

    if (host == NULL)
        return;
    meishi_source_clear(&host->start_timer);
    drop_process(host, over);
    meishi_secret_unref(host->inbox);
    g_free(host->module);
    g_free(host->reserved);
    g_free(host);
}

gboolean
meishi_token_host_is_ready(const MeishiTokenHost *host)
{
    return host->is_ready;
}

gboolean
meishi_token_host_was_late(const MeishiTokenHost *host)
{
    return host->was_late;
}

guint64
meishi_token_host_n_answers(const MeishiTokenHost *host)
{
    return host->n_answers;
}
