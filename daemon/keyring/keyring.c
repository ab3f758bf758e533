/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The daemon's side of the Secret Service: starts meishi-keyring, gives it one request, waits for
 * the reply under a deadline and kills it when that passes or the caller gives up.  Nothing here
 * blocks: the main loop watches the socket.  The secret goes through the socket pair only.
 */
#include "daemon/keyring/keyring.h"

#include "config.h"
#include "daemon/base/error.h"
#include "daemon/keyring/exchange.h"

#include <errno.h>
#include <gio/gunixfdlist.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HELPER "meishi-keyring"

typedef struct {
    GSubprocess *process;
    int fd;
    guint watch;
    guint timer;
    gulong cancelled;
} Call;

static guint deadline_override_ms;
static char *helper_override;

void
meishi_keyring_set_deadline(guint deadline_ms)
{
    deadline_override_ms = deadline_ms;
}

void
meishi_keyring_set_helper(const char *path)
{
    g_free(helper_override);
    helper_override = g_strdup(path);
}

/* Beside the daemon (an installed tree that was moved), below it (a build tree), or where the
 * build was told to install it. */
static char *
find_helper(void)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *dir = self != NULL ? g_path_get_dirname(self) : NULL;
    g_autofree char *beside = dir != NULL ? g_build_filename(dir, HELPER, NULL) : NULL;
    g_autofree char *below = dir != NULL ? g_build_filename(dir, "keyring", HELPER, NULL) : NULL;

    if (helper_override != NULL)
        return g_strdup(helper_override);
    if (beside != NULL && g_file_test(beside, G_FILE_TEST_IS_EXECUTABLE))
        return g_steal_pointer(&beside);
    if (below != NULL && g_file_test(below, G_FILE_TEST_IS_EXECUTABLE))
        return g_steal_pointer(&below);
    return g_build_filename(MEISHI_LIBEXECDIR, HELPER, NULL);
}

static void
call_free(gpointer data)
{
    Call *call = data;

    g_clear_object(&call->process);
    if (call->fd >= 0)
        close(call->fd);
    g_free(call);
}

/* Ends the call exactly once: after this no source and no signal of it is left. */
static void
detach(GTask *task)
{
    Call *call = g_task_get_task_data(task);

    g_clear_handle_id(&call->watch, g_source_remove);
    g_clear_handle_id(&call->timer, g_source_remove);
    g_cancellable_disconnect(g_task_get_cancellable(task), call->cancelled);
    g_subprocess_force_exit(call->process);
}

static void
fail(GTask *task, MeishiErrorCode code, const char *message)
{
    g_task_return_new_error(task, MEISHI_ERROR, (gint)code, "%s", message);
}

static MeishiErrorCode
code_of(MeishiKeyringOutcome outcome)
{
    switch (outcome) {
    case MEISHI_KEYRING_UNAVAILABLE:
        return MEISHI_ERROR_UNAVAILABLE;
    case MEISHI_KEYRING_LOCKED:
        return MEISHI_ERROR_LOCKED;
    case MEISHI_KEYRING_NOT_FOUND:
        return MEISHI_ERROR_NOT_FOUND;
    default:
        return MEISHI_ERROR_FAILED;
    }
}

static void
return_reply(GTask *task, const guint8 *packet, gsize len)
{
    g_autofree char *text = NULL;
    g_autofree char *message = NULL;

    if (packet[0] == MEISHI_KEYRING_DONE) {
        g_task_return_pointer(task, meishi_secret_new_copy(packet + 1, len - 1),
                              (GDestroyNotify)meishi_secret_unref);
        return;
    }
    text = g_utf8_make_valid((const char *)packet + 1, (gssize)(len - 1));
    message = g_strdup_printf("The Secret Service: %s", text);
    fail(task, code_of(packet[0]), message);
}

static gboolean
on_reply(int fd, GIOCondition condition, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    g_autoptr(MeishiSecret) packet = meishi_secret_new(MEISHI_KEYRING_MAX_PACKET);
    Call *call = g_task_get_task_data(task);
    gssize n = recv(fd, meishi_secret_writable(packet), MEISHI_KEYRING_MAX_PACKET, MSG_DONTWAIT);

    call->watch = 0;
    detach(task);
    if (n >= 1)
        return_reply(task, meishi_secret_data(packet), (gsize)n);
    else
        fail(task, MEISHI_ERROR_FAILED,
             "The helper for the Secret Service ended without an answer; is libsecret installed?");
    return G_SOURCE_REMOVE;
}

static gboolean
on_deadline(gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    Call *call = g_task_get_task_data(task);

    call->timer = 0;
    detach(task);
    fail(task, MEISHI_ERROR_TIMEOUT,
         "The Secret Service did not answer in time; is it waiting for a person somewhere?");
    return G_SOURCE_REMOVE;
}

static gboolean
on_cancelled_idle(gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    Call *call = g_task_get_task_data(task);

    call->timer = 0;
    detach(task);
    fail(task, MEISHI_ERROR_CANCELLED, "The question to the Secret Service was withdrawn");
    return G_SOURCE_REMOVE;
}

/* Turns the deadline into "now": a cancelled handler must not disconnect itself. */
static void
on_cancelled(GCancellable *cancellable, gpointer user_data)
{
    GTask *task = user_data;
    Call *call = g_task_get_task_data(task);

    g_clear_handle_id(&call->timer, g_source_remove);
    call->timer = g_idle_add(on_cancelled_idle, task);
}

static GSubprocess *
start_helper(int fd, GError **error)
{
    g_autoptr(GSubprocessLauncher) launcher =
        g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDOUT_SILENCE);
    g_autofree char *path = find_helper();

    g_subprocess_launcher_take_fd(launcher, fd, MEISHI_KEYRING_FD);
    return g_subprocess_launcher_spawn(launcher, error, path, NULL);
}

static gboolean
send_request(int fd, MeishiKeyringOperation operation, const char *vault_id, MeishiSecret *secret)
{
    gsize secret_len = secret != NULL ? meishi_secret_len(secret) : 0;
    gsize len = 1 + MEISHI_KEYRING_ID_LEN + secret_len;
    g_autoptr(MeishiSecret) packet = meishi_secret_new(len);
    guint8 *bytes = meishi_secret_writable(packet);

    bytes[0] = (guint8)operation;
    memcpy(bytes + 1, vault_id, MEISHI_KEYRING_ID_LEN);
    if (secret_len > 0)
        memcpy(bytes + 1 + MEISHI_KEYRING_ID_LEN, meishi_secret_data(secret), secret_len);
    return send(fd, bytes, len, MSG_NOSIGNAL) == (gssize)len;
}

static void
watch(GTask *task, guint deadline_ms)
{
    Call *call = g_task_get_task_data(task);
    GCancellable *cancellable = g_task_get_cancellable(task);

    if (deadline_override_ms > 0)
        deadline_ms = MIN(deadline_ms, deadline_override_ms);
    call->watch = g_unix_fd_add(call->fd, G_IO_IN | G_IO_HUP | G_IO_ERR, on_reply, task);
    call->timer = g_timeout_add(deadline_ms, on_deadline, task);
    if (cancellable != NULL)
        call->cancelled = g_cancellable_connect(cancellable, G_CALLBACK(on_cancelled), task, NULL);
}

/* The reference to the task belongs to the sources; whichever fires first takes it. */
static void
start_call(GTask *task, MeishiKeyringOperation operation, const char *vault_id,
           MeishiSecret *secret, guint deadline_ms)
{
    g_autoptr(GTask) held = task;
    g_autoptr(GError) error = NULL;
    Call *call = g_new0(Call, 1);
    int pair[2];

    call->fd = -1;
    g_task_set_task_data(task, call, call_free);
    g_task_set_check_cancellable(task, FALSE); /* on_cancelled() says so itself */
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        fail(task, MEISHI_ERROR_IO, g_strerror(errno));
        return;
    }
    call->fd = pair[0];
    call->process = start_helper(pair[1], &error);
    if (call->process == NULL) {
        fail(task, MEISHI_ERROR_UNAVAILABLE, error->message);
        return;
    }
    if (!send_request(call->fd, operation, vault_id, secret)) {
        g_subprocess_force_exit(call->process);
        fail(task, MEISHI_ERROR_FAILED, "The helper for the Secret Service ended at once");
        return;
    }
    watch(g_steal_pointer(&held), deadline_ms);
}

void
meishi_keyring_lookup_async(const char *vault_id, guint deadline_ms, GCancellable *cancellable,
                            GAsyncReadyCallback callback, gpointer user_data)
{
    g_return_if_fail(strlen(vault_id) == MEISHI_KEYRING_ID_LEN);
    start_call(g_task_new(NULL, cancellable, callback, user_data), MEISHI_KEYRING_LOOKUP, vault_id,
               NULL, deadline_ms);
}

MeishiSecret *
meishi_keyring_lookup_finish(GAsyncResult *result, GError **error)
{
    return g_task_propagate_pointer(G_TASK(result), error);
}

/* STORE and CLEAR come back with an empty secret, which nobody needs. */
static gboolean
finish_done(GAsyncResult *result, GError **error)
{
    g_autoptr(MeishiSecret) nothing = g_task_propagate_pointer(G_TASK(result), error);

    return nothing != NULL;
}

void
meishi_keyring_store_async(const char *vault_id, MeishiSecret *secret, guint deadline_ms,
                           GCancellable *cancellable, GAsyncReadyCallback callback,
                           gpointer user_data)
{
    g_return_if_fail(strlen(vault_id) == MEISHI_KEYRING_ID_LEN);
    g_return_if_fail(meishi_secret_len(secret) <= MEISHI_KEYRING_MAX_SECRET);
    start_call(g_task_new(NULL, cancellable, callback, user_data), MEISHI_KEYRING_STORE, vault_id,
               secret, deadline_ms);
}

gboolean
meishi_keyring_store_finish(GAsyncResult *result, GError **error)
{
    return finish_done(result, error);
}

void
meishi_keyring_clear_async(const char *vault_id, guint deadline_ms, GCancellable *cancellable,
                           GAsyncReadyCallback callback, gpointer user_data)
{
    g_return_if_fail(strlen(vault_id) == MEISHI_KEYRING_ID_LEN);
    start_call(g_task_new(NULL, cancellable, callback, user_data), MEISHI_KEYRING_CLEAR, vault_id,
               NULL, deadline_ms);
}

gboolean
meishi_keyring_clear_finish(GAsyncResult *result, GError **error)
{
    return finish_done(result, error);
}
