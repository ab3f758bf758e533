/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reads descriptors that a caller sent, on a worker thread, because the disk or the writer may be
 * slow.  Everything lands in locked, wiped memory: a file to import may hold an open private key.
 *
 * A regular file is read with pread() from its start, so that the sender's file offset neither
 * matters nor moves and the same descriptor can be sent again with another password.
 */
#include "daemon/bus/receive.h"

#include "daemon/base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST_PIPE_READ 4096

void
meishi_receive_item_free(MeishiReceiveItem *item)
{
    if (item == NULL)
        return;
    g_free(item->name);
    if (item->fd >= 0)
        close(item->fd);
    meishi_secret_unref(item->content);
    g_free(item);
}

static gboolean
check_kind(const MeishiReceiveItem *item, GError **error)
{
    struct stat st;

    if (fstat(item->fd, &st) == 0 && (S_ISREG(st.st_mode) || S_ISFIFO(st.st_mode)))
        return TRUE;
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT,
                "“%s” is neither a file nor a pipe", item->name);
    return FALSE;
}

MeishiReceiveItem *
meishi_receive_item_new(const char *name, GUnixFDList *fds, gint handle, gsize max, GError **error)
{
    g_autoptr(MeishiReceiveItem) item = g_new0(MeishiReceiveItem, 1);
    g_autoptr(GError) cause = NULL;

    item->name = g_strdup(name);
    item->max = max;
    item->fd = -1;
    if (fds != NULL && handle >= 0 && handle < g_unix_fd_list_get_length(fds))
        item->fd = g_unix_fd_list_get(fds, handle, &cause);
    if (item->fd < 0) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT,
                    "The message carries no descriptor for “%s”", name);
        return NULL;
    }
    return check_kind(item, error) ? g_steal_pointer(&item) : NULL;
}

/* ---- on the worker thread ------------------------------------------------------------------ */

typedef struct {
    GPtrArray *items;
    gint64 deadline; /* monotonic, microseconds */
} Job;

static void
free_job(Job *job)
{
    g_ptr_array_unref(job->items);
    g_free(job);
}

static gboolean
fail_too_long(const MeishiReceiveItem *item, GError **error)
{
    g_autofree char *max = g_format_size_full(item->max, G_FORMAT_SIZE_IEC_UNITS);

    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT,
                "“%s” is larger than the %s allowed here", item->name, max);
    return FALSE;
}

static gboolean
fail_reading(const MeishiReceiveItem *item, GError **error)
{
    int saved = errno;

    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_IO, "Cannot read “%s”: %s", item->name,
                g_strerror(saved));
    return FALSE;
}

static gboolean
read_regular(MeishiReceiveItem *item, gsize size, GError **error)
{
    g_autoptr(MeishiSecret) content = NULL;
    gsize filled = 0;
    gssize n = 1;

    if (size > item->max)
        return fail_too_long(item, error);
    content = meishi_secret_new(size);
    /* A file that shrinks meanwhile ends early; what it grows by is not looked at. */
    while (filled < size && n != 0) {
        n = pread(item->fd, meishi_secret_writable(content) + filled, size - filled, (off_t)filled);
        if (n < 0 && errno != EINTR)
            return fail_reading(item, error);
        filled += n > 0 ? (gsize)n : 0;
    }
    meishi_secret_truncate(content, filled);
    item->content = g_steal_pointer(&content);
    return TRUE;
}

/* Waits until @fd can be read; FALSE with an error at the deadline or when cancelled. */
static gboolean
wait_readable(const MeishiReceiveItem *item, gint64 deadline, GCancellable *cancellable,
              GError **error)
{
    GPollFD fds[2] = {{.fd = item->fd, .events = G_IO_IN}};
    guint n_fds = g_cancellable_make_pollfd(cancellable, &fds[1]) ? 2 : 1;
    gint64 left = (deadline - g_get_monotonic_time()) / 1000;
    int n = left > 0 ? g_poll(fds, n_fds, (gint)left) : 0;

    if (n_fds == 2)
        g_cancellable_release_fd(cancellable);
    if (g_cancellable_set_error_if_cancelled(cancellable, error))
        return FALSE;
    if (n > 0 || (n < 0 && errno == EINTR))
        return TRUE;
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_TIMEOUT,
                "The other end of “%s” sends nothing and does not close it", item->name);
    return FALSE;
}

static MeishiSecret *
grow(MeishiSecret *old, gsize filled, gsize size)
{
    MeishiSecret *grown = meishi_secret_new(size);

    memcpy(meishi_secret_writable(grown), meishi_secret_data(old), filled);
    meishi_secret_unref(old);
    return grown;
}

/* One byte more than allowed is asked for, which tells "too long" from "just fits". */
static gboolean
read_pipe(MeishiReceiveItem *item, gint64 deadline, GCancellable *cancellable, GError **error)
{
    gsize size = MIN(item->max + 1, FIRST_PIPE_READ);
    g_autoptr(MeishiSecret) content = meishi_secret_new(size);
    gsize filled = 0;

    for (;;) {
        gssize n;

        if (!wait_readable(item, deadline, cancellable, error))
            return FALSE;
        n = read(item->fd, meishi_secret_writable(content) + filled, size - filled);
        if (n == 0)
            break;
        if (n < 0 && errno != EINTR && errno != EAGAIN)
            return fail_reading(item, error);
        filled += n > 0 ? (gsize)n : 0;
        if (filled > item->max)
            return fail_too_long(item, error);
        if (filled == size) {
            size = MIN(item->max + 1, size * 2);
            content = grow(g_steal_pointer(&content), filled, size);
        }
    }
    meishi_secret_truncate(content, filled);
    item->content = g_steal_pointer(&content);
    return TRUE;
}

static gboolean
read_item(MeishiReceiveItem *item, gint64 deadline, GCancellable *cancellable, GError **error)
{
    struct stat st;

    if (fstat(item->fd, &st) != 0)
        return fail_reading(item, error);
    if (S_ISREG(st.st_mode))
        return read_regular(item, (gsize)st.st_size, error);
    return read_pipe(item, deadline, cancellable, error);
}

static void
read_items(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
    Job *job = data;
    GError *error = NULL;

    for (guint i = 0; i < job->items->len; i++) {
        if (!read_item(job->items->pdata[i], job->deadline, cancellable, &error)) {
            g_task_return_error(task, error);
            return;
        }
    }
    g_task_return_boolean(task, TRUE);
}

void
meishi_receive_async(GPtrArray *items, guint deadline_ms, GCancellable *cancellable,
                     GAsyncReadyCallback callback, gpointer user_data)
{
    g_autoptr(GTask) task = g_task_new(NULL, cancellable, callback, user_data);
    Job *job = g_new0(Job, 1);

    job->items = g_ptr_array_ref(items);
    job->deadline = g_get_monotonic_time() + (gint64)deadline_ms * 1000;
    g_task_set_task_data(task, job, (GDestroyNotify)free_job);
    g_task_run_in_thread(task, read_items);
}

gboolean
meishi_receive_finish(GAsyncResult *result, GError **error)
{
    return g_task_propagate_boolean(G_TASK(result), error);
}

GBytes *
meishi_receive_item_bytes(MeishiReceiveItem *item)
{
    return g_bytes_new_with_free_func(
        meishi_secret_data(item->content), meishi_secret_len(item->content),
        (GDestroyNotify)meishi_secret_unref, meishi_secret_ref(item->content));
}
