/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The daemon's side of the keyring helper: start it, hand it one request, wait for one reply on the
 * main loop, kill it when it takes too long.  Whatever goes wrong over there is an error here and
 * never a value: an answer that is not exactly a secret is no answer.
 */
#include "daemon/keyring/keyring.h"

#include "daemon/base/error.h"
#include "daemon/base/paths.h"
#include "daemon/base/source.h"
#include "daemon/keyring/message.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HELPER "meishi-keyring"

static guint longest_deadline_ms = G_MAXUINT;
static char *helper_path;

typedef struct {
    GSubprocess *helper;
    int fd;
    guint deadline_ms;
    guint8 operation;
    GSource *answer;
    GSource *deadline;
    GSource *cancelled;
} Call;

/* Ends the helper whatever it is doing; GSubprocess reaps it. */
static void
end_call(Call *call)
{
    meishi_source_clear(&call->answer);
    meishi_source_clear(&call->deadline);
    meishi_source_clear(&call->cancelled);
    if (call->helper != NULL)
        g_subprocess_force_exit(call->helper);
    g_clear_object(&call->helper);
    if (call->fd >= 0)
        close(g_steal_fd(&call->fd));
}

static void
call_free(Call *call)
{
    end_call(call);
    g_free(call);
}

void
meishi_keyring_set_deadline(guint deadline_ms)
{
    longest_deadline_ms = deadline_ms;
}

void
meishi_keyring_set_helper(const char *path)
{
    g_free(helper_path);
    helper_path = g_strdup(path);
}

/* ---- the answer --------------------------------------------------------------------------- */

static MeishiErrorCode
code_of(guint8 status)
{
    static const MeishiErrorCode codes[] = {
        [MEISHI_KEYRING_UNAVAILABLE] = MEISHI_ERROR_UNAVAILABLE,
        [MEISHI_KEYRING_LOCKED] = MEISHI_ERROR_LOCKED,
        [MEISHI_KEYRING_NOT_FOUND] = MEISHI_ERROR_NOT_FOUND,
        [MEISHI_KEYRING_TIMEOUT] = MEISHI_ERROR_TIMEOUT,
        [MEISHI_KEYRING_FAILED] = MEISHI_ERROR_FAILED,
    };

    return status < G_N_ELEMENTS(codes) ? codes[status] : MEISHI_ERROR_FAILED;
}

/* Whether an OK to @operation may have @len bytes of a secret with it. */
static gboolean
is_length(guint8 operation, gsize len)
{
    if (operation == (MEISHI_KEYRING_LOOKUP | MEISHI_KEYRING_PIN))
        return len > 0 && len <= MEISHI_KEYRING_MAX_PIN;
    return len == (operation == MEISHI_KEYRING_LOOKUP ? MEISHI_KEYRING_SECRET_LEN : 0);
}

/* @packet is one reply; takes the secret out of it where there should be one. */
static MeishiSecret *
read_reply(const MeishiSecret *packet, guint8 operation, GError **error)
{
    const guint8 *data = meishi_secret_data(packet);
    gsize len = meishi_secret_len(packet);
    g_autofree char *text = NULL;

    if (len >= 1 && data[0] == MEISHI_KEYRING_OK) {
        if (is_length(operation, len - 1))
            return meishi_secret_new_copy(data + 1, len - 1);
        len = 0;
    }
    if (len < 2) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_FAILED,
                    "The keyring helper ended without an answer.");
        return NULL;
    }
    text = g_utf8_make_valid((const char *)data + 1, (gssize)len - 1);
    g_set_error_literal(error, MEISHI_ERROR, code_of(data[0]), text);
    return NULL;
}

static gboolean
on_answer(int fd, GIOCondition condition, gpointer user_data)
{
    g_autoptr(GTask) task = g_object_ref(user_data);
    Call *call = g_task_get_task_data(task);
    g_autoptr(MeishiSecret) packet = meishi_secret_new(MEISHI_KEYRING_MAX_PACKET);
    ssize_t n = recv(fd, meishi_secret_writable(packet), MEISHI_KEYRING_MAX_PACKET, MSG_DONTWAIT);
    MeishiSecret *secret;
    GError *error = NULL;

    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return G_SOURCE_CONTINUE;
    meishi_secret_truncate(packet, n > 0 ? (gsize)n : 0);
    secret = read_reply(packet, call->operation, &error);
    end_call(call);
    if (secret != NULL)
        g_task_return_pointer(task, secret, (GDestroyNotify)meishi_secret_unref);
    else
        g_task_return_error(task, error);
    return G_SOURCE_REMOVE;
}

static gboolean
on_deadline(gpointer user_data)
{
    g_autoptr(GTask) task = g_object_ref(user_data);
    Call *call = g_task_get_task_data(task);

    end_call(call);
    g_task_return_new_error(task, MEISHI_ERROR, MEISHI_ERROR_TIMEOUT,
                            "The desktop's keyring did not answer within %u seconds.",
                            (call->deadline_ms + 999) / 1000);
    return G_SOURCE_REMOVE;
}

static gboolean
on_cancelled(GCancellable *cancellable, gpointer user_data)
{
    g_autoptr(GTask) task = g_object_ref(user_data);

    end_call(g_task_get_task_data(task));
    g_task_return_new_error(task, MEISHI_ERROR, MEISHI_ERROR_CANCELLED,
                            "Asking the desktop's keyring was cancelled.");
    return G_SOURCE_REMOVE;
}

/* ---- the request -------------------------------------------------------------------------- */

typedef struct {
    guint8 operation;
    const char *item;
    const char *title;          /* of a PIN that is stored; NULL */
    const MeishiSecret *secret; /* that is stored; NULL */
    guint deadline_ms;
} Request;

static MeishiSecret *
write_request(const Request *request)
{
    gsize item_len = strlen(request->item);
    gsize title_len = request->title != NULL ? strlen(request->title) : 0;
    gsize secret_len = request->secret != NULL ? meishi_secret_len(request->secret) : 0;
    MeishiSecret *packet =
        meishi_secret_new(MEISHI_KEYRING_HEADER_LEN + item_len + 1 + title_len + secret_len);
    guint8 *p = meishi_secret_writable(packet);
    gsize at = MEISHI_KEYRING_HEADER_LEN + item_len;

    p[0] = request->operation;
    p[1] = request->deadline_ms > MEISHI_KEYRING_DEADLINE_MS;
    p[2] = (guint8)MIN(request->deadline_ms / 1000 + 1, 255);
    p[3] = (guint8)item_len;
    memcpy(p + MEISHI_KEYRING_HEADER_LEN, request->item, item_len);
    if (request->title != NULL) {
        p[at++] = (guint8)title_len;
        memcpy(p + at, request->title, title_len);
        at += title_len;
    }
    if (secret_len > 0)
        memcpy(p + at, meishi_secret_data(request->secret), secret_len);
    meishi_secret_truncate(packet, at + secret_len);
    return packet;
}

/* No helper, no keyring: an installation without libsecret is in order. */
static gboolean
explain_spawn(GError **error, const char *path, const GError *cause)
{
    MeishiErrorCode code = g_error_matches(cause, G_SPAWN_ERROR, G_SPAWN_ERROR_NOENT)
                               ? MEISHI_ERROR_UNAVAILABLE
                               : MEISHI_ERROR_FAILED;

    g_set_error(error, MEISHI_ERROR, code, "The keyring helper %s cannot be started: %s.", path,
                cause->message);
    return FALSE;
}

static gboolean
start_helper(Call *call, GError **error)
{
    g_autofree char *path =
        helper_path != NULL ? g_strdup(helper_path) : meishi_paths_helper(HELPER, "keyring");
    const char *argv[] = {path, NULL};
    g_autoptr(GSubprocessLauncher) launcher = g_subprocess_launcher_new(
        G_SUBPROCESS_FLAGS_STDOUT_SILENCE | G_SUBPROCESS_FLAGS_STDERR_SILENCE);
    g_autoptr(GError) cause = NULL;
    int fds[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_FAILED, "socketpair: %s.", g_strerror(errno));
        return FALSE;
    }
    call->fd = fds[0];
    g_subprocess_launcher_take_fd(launcher, fds[1], MEISHI_KEYRING_FD);
    call->helper = g_subprocess_launcher_spawnv(launcher, argv, &cause);
    return call->helper != NULL || explain_spawn(error, path, cause);
}

static gboolean
send_request(const Call *call, const MeishiSecret *packet, GError **error)
{
    gsize len = meishi_secret_len(packet);

    if (send(call->fd, meishi_secret_data(packet), len, MSG_NOSIGNAL) == (ssize_t)len)
        return TRUE;
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_FAILED, "The keyring helper does not listen.");
    return FALSE;
}

static GSource *
watch(GSource *source, GSourceFunc callback, GTask *task)
{
    g_source_set_callback(source, callback, g_object_ref(task), g_object_unref);
    g_source_attach(source, g_task_get_context(task));
    return source;
}

static void
wait_for_answer(GTask *task)
{
    Call *call = g_task_get_task_data(task);
    GCancellable *cancellable = g_task_get_cancellable(task);

    call->answer = watch(g_unix_fd_source_new(call->fd, G_IO_IN | G_IO_HUP | G_IO_ERR),
                         G_SOURCE_FUNC(on_answer), task);
    call->deadline = watch(g_timeout_source_new(call->deadline_ms), on_deadline, task);
    if (cancellable != NULL)
        call->cancelled =
            watch(g_cancellable_source_new(cancellable), G_SOURCE_FUNC(on_cancelled), task);
}

static void
start_call(GTask *task, const Request *request)
{
    Call *call = g_new0(Call, 1);
    g_autoptr(MeishiSecret) packet = write_request(request);
    GError *error = NULL;

    call->fd = -1;
    call->deadline_ms = MIN(request->deadline_ms, longest_deadline_ms);
    call->operation = request->operation;
    g_task_set_task_data(task, call, (GDestroyNotify)call_free);
    g_task_set_check_cancellable(task, FALSE); /* on_cancelled says it in our words */
    if (start_helper(call, &error) && send_request(call, packet, &error))
        wait_for_answer(task);
    else
        g_task_return_error(task, error);
}

void
meishi_keyring_lookup_async(const char *item, guint deadline_ms, GCancellable *cancellable,
                            GAsyncReadyCallback callback, gpointer user_data)
{
    g_autoptr(GTask) task = g_task_new(NULL, cancellable, callback, user_data);

    g_return_if_fail(strlen(item) < 256);
    start_call(
        task,
        &(Request){.operation = MEISHI_KEYRING_LOOKUP, .item = item, .deadline_ms = deadline_ms});
}

MeishiSecret *
meishi_keyring_lookup_finish(GAsyncResult *result, GError **error)
{
    return g_task_propagate_pointer(G_TASK(result), error);
}

void
meishi_keyring_store_async(const char *item, MeishiSecret *secret, guint deadline_ms,
                           GCancellable *cancellable, GAsyncReadyCallback callback,
                           gpointer user_data)
{
    g_autoptr(GTask) task = g_task_new(NULL, cancellable, callback, user_data);

    g_return_if_fail(strlen(item) < 256);
    g_return_if_fail(meishi_secret_len(secret) == MEISHI_KEYRING_SECRET_LEN);
    start_call(task, &(Request){.operation = MEISHI_KEYRING_STORE,
                                .item = item,
                                .secret = secret,
                                .deadline_ms = deadline_ms});
}

/* The empty secret of a plain OK is of no use to anybody. */
static gboolean
finish_plain(GAsyncResult *result, GError **error)
{
    g_autoptr(MeishiSecret) nothing = g_task_propagate_pointer(G_TASK(result), error);

    return nothing != NULL;
}

gboolean
meishi_keyring_store_finish(GAsyncResult *result, GError **error)
{
    return finish_plain(result, error);
}

void
meishi_keyring_clear_async(const char *item, guint deadline_ms, GCancellable *cancellable,
                           GAsyncReadyCallback callback, gpointer user_data)
{
    g_autoptr(GTask) task = g_task_new(NULL, cancellable, callback, user_data);

    g_return_if_fail(strlen(item) < 256);
    start_call(
        task,
        &(Request){.operation = MEISHI_KEYRING_CLEAR, .item = item, .deadline_ms = deadline_ms});
}

gboolean
meishi_keyring_clear_finish(GAsyncResult *result, GError **error)
{
    return finish_plain(result, error);
}

/* ---- PINs --------------------------------------------------------------------------------- */

static void
start_about_pin(GTask *task, guint8 operation, const char *token)
{
    g_return_if_fail(strlen(token) < 256);
    start_call(task, &(Request){.operation = operation | MEISHI_KEYRING_PIN,
                                .item = token,
                                .deadline_ms = MEISHI_KEYRING_DEADLINE_MS});
}

void
meishi_keyring_lookup_pin_async(const char *token, GCancellable *cancellable,
                                GAsyncReadyCallback callback, gpointer user_data)
{
    g_autoptr(GTask) task = g_task_new(NULL, cancellable, callback, user_data);

    start_about_pin(task, MEISHI_KEYRING_LOOKUP, token);
}

void
meishi_keyring_clear_pin_async(const char *token, GCancellable *cancellable,
                               GAsyncReadyCallback callback, gpointer user_data)
{
    g_autoptr(GTask) task = g_task_new(NULL, cancellable, callback, user_data);

    start_about_pin(task, MEISHI_KEYRING_CLEAR, token);
}

void
meishi_keyring_store_pin_async(const char *token, const char *title, MeishiSecret *pin,
                               GCancellable *cancellable, GAsyncReadyCallback callback,
                               gpointer user_data)
{
    g_autoptr(GTask) task = g_task_new(NULL, cancellable, callback, user_data);
    gsize len = meishi_secret_len(pin);

    g_return_if_fail(strlen(token) < 256 && strlen(title) < 256);
    if (len == 0 || len > MEISHI_KEYRING_MAX_PIN)
        g_task_return_new_error(task, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT,
                                "A PIN of %" G_GSIZE_FORMAT " bytes is not stored.", len);
    else
        start_call(task, &(Request){.operation = MEISHI_KEYRING_STORE | MEISHI_KEYRING_PIN,
                                    .item = token,
                                    .title = title,
                                    .secret = pin,
                                    .deadline_ms = MEISHI_KEYRING_DEADLINE_MS});
}
