/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reads files of any place that GIO knows.  Only regular ones: a pipe could keep the thread for
 * ever.  What passed through the buffer may be a private key, so it is wiped.
 */
#include "daemon/prompter/import-file.h"

#include "daemon/base/fd.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAX_SIZE (16 * 1024 * 1024) /* what the daemon takes */
#define CHUNK    (64 * 1024)

void
meishi_import_file_free(MeishiImportFile *file)
{
    if (file == NULL)
        return;
    if (file->fd >= 0)
        close(file->fd);
    g_free(file->name);
    g_free(file);
}

char *
meishi_import_file_name(GFile *file)
{
    g_autofree char *base = g_file_get_basename(file);

    return g_filename_display_name(base != NULL ? base : "");
}

/* ---- one ------------------------------------------------------------------------------------- */

static gboolean
check_kind(GFile *file, GCancellable *cancellable, GError **error)
{
    g_autoptr(GFileInfo) info = g_file_query_info(file, G_FILE_ATTRIBUTE_STANDARD_TYPE,
                                                  G_FILE_QUERY_INFO_NONE, cancellable, error);

    if (info == NULL)
        return FALSE;
    switch (g_file_info_get_file_type(info)) {
    case G_FILE_TYPE_REGULAR:
        return TRUE;
    case G_FILE_TYPE_DIRECTORY:
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_IS_DIRECTORY, "It is a directory");
        return FALSE;
    default:
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_REGULAR_FILE, "It is no regular file");
        return FALSE;
    }
}

/* @is_ok; where it is FALSE, with what errno says. */
static gboolean
check_errno(gboolean is_ok, GError **error)
{
    if (!is_ok)
        g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno), "%s", g_strerror(errno));
    return is_ok;
}

static gboolean
copy(GInputStream *in, int fd, GCancellable *cancellable, GError **error)
{
    g_autofree char *buffer = g_malloc(CHUNK);
    gsize total = 0;
    gssize n;

    do {
        n = g_input_stream_read(in, buffer, CHUNK, cancellable, error);
        total += (gsize)MAX(n, 0);
        if (total > MAX_SIZE) {
            g_set_error(error, G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE, "It is too large");
            n = -1;
        } else if (n > 0 && !check_errno(meishi_fd_write_all(fd, buffer, (gsize)n), error)) {
            n = -1;
        }
    } while (n > 0);
    explicit_bzero(buffer, CHUNK);
    return n == 0;
}

static MeishiImportFile *
read_one(GFile *source, GCancellable *cancellable, GError **error)
{
    g_autoptr(GFileInputStream) in = NULL;
    MeishiImportFile *file;

    if (!check_kind(source, cancellable, error))
        return NULL;
    in = g_file_read(source, cancellable, error);
    if (in == NULL)
        return NULL;
    file = g_new0(MeishiImportFile, 1);
    file->name = meishi_import_file_name(source);
    file->fd = memfd_create("meishi-file", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (check_errno(file->fd >= 0, error) &&
        copy(G_INPUT_STREAM(in), file->fd, cancellable, error) &&
        check_errno(meishi_fd_seal(file->fd), error))
        return file;
    meishi_import_file_free(file);
    return NULL;
}

/* ---- all of them ----------------------------------------------------------------------------- */

/* Two of one name are told apart by where they lie. */
static void
tell_apart(GPtrArray *sources, GPtrArray *files)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    gboolean is_alike = FALSE;

    for (guint i = 0; i < files->len; i++)
        is_alike |= !g_hash_table_add(seen, ((MeishiImportFile *)files->pdata[i])->name);
    g_hash_table_remove_all(seen);
    for (guint i = 0; is_alike && i < files->len; i++) {
        MeishiImportFile *file = g_ptr_array_index(files, i);

        g_free(file->name);
        file->name = g_file_get_parse_name(g_ptr_array_index(sources, i));
    }
}

static void
run_read(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
    GPtrArray *sources = data;
    g_autoptr(GPtrArray) files =
        g_ptr_array_new_with_free_func((GDestroyNotify)meishi_import_file_free);
    GError *error = NULL;

    for (guint i = 0; i < sources->len; i++) {
        GFile *one = g_ptr_array_index(sources, i);
        MeishiImportFile *file = read_one(one, cancellable, &error);

        if (file == NULL) {
            g_object_set_data_full(G_OBJECT(task), "name", meishi_import_file_name(one), g_free);
            g_task_return_error(task, error);
            return;
        }
        g_ptr_array_add(files, file);
    }
    tell_apart(sources, files);
    g_task_return_pointer(task, g_steal_pointer(&files), (GDestroyNotify)g_ptr_array_unref);
}

void
meishi_import_file_read_async(GPtrArray *files, GCancellable *cancellable,
                              GAsyncReadyCallback callback, gpointer data)
{
    g_autoptr(GTask) task = g_task_new(NULL, cancellable, callback, data);

    g_task_set_task_data(task, g_ptr_array_ref(files), (GDestroyNotify)g_ptr_array_unref);
    g_task_run_in_thread(task, run_read);
}

GPtrArray *
meishi_import_file_read_finish(GAsyncResult *result, char **ret_name, GError **error)
{
    GPtrArray *files = g_task_propagate_pointer(G_TASK(result), error);

    if (files == NULL)
        *ret_name = g_strdup(g_object_get_data(G_OBJECT(result), "name"));
    return files;
}
