/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Opens what a person named.  A copy goes into a memfd, never into a file: it may be an open
 * private key.
 */
#include "cli/input-file.h"

#include "cli/error.h"
#include "daemon/base/error.h"
#include "daemon/base/fd.h"
#include "daemon/base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* What the daemon takes at most, and a byte more, so that it is the one to refuse. */
#define MAX_COPY (16 * 1024 * 1024 + 1)

void
meishi_input_file_free(MeishiInputFile *file)
{
    if (file->fd >= 0)
        close(file->fd);
    g_free(file->name);
    g_free(file);
}

static gboolean
fail(const MeishiInputFile *file, const char *why, GError **error)
{
    g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_FAILED, "Cannot read %s: %s", file->name,
                why);
    return FALSE;
}

static gboolean
copy_to_memory(MeishiInputFile *file, GError **error)
{
    g_autoptr(MeishiSecret) content = NULL;
    g_autoptr(GError) cause = NULL;
    gboolean is_whole;
    int copy;

    content = meishi_secret_new_from_fd(file->fd, MAX_COPY, &cause);
    if (g_error_matches(cause, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT))
        return fail(file, "it does not end within the 16 MiB allowed here", error);
    if (content == NULL) {
        g_propagate_prefixed_error(error, g_steal_pointer(&cause), "%s: ", file->name);
        return FALSE;
    }
    copy = memfd_create("meishi-file", MFD_CLOEXEC);
    is_whole = copy >= 0 &&
               meishi_fd_write_all(copy, meishi_secret_data(content), meishi_secret_len(content));
    close(file->fd);
    file->fd = copy;
    return is_whole || fail(file, g_strerror(errno), error);
}

static gboolean
check(MeishiInputFile *file, GError **error)
{
    struct stat st;

    if (fstat(file->fd, &st) != 0)
        return fail(file, g_strerror(errno), error);
    if (S_ISREG(st.st_mode))
        return TRUE;
    if (S_ISDIR(st.st_mode))
        return fail(file, "it is a directory", error);
    if (isatty(file->fd))
        return fail(file, "it is a terminal. Name a file, or pipe one in", error);
    return copy_to_memory(file, error);
}

MeishiInputFile *
meishi_input_file_new(const char *path, GError **error)
{
    g_autoptr(MeishiInputFile) file = g_new0(MeishiInputFile, 1);
    gboolean is_stdin = g_str_equal(path, "-");

    file->name = is_stdin ? g_strdup("standard input") : g_filename_display_name(path);
    file->fd = is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                        : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (file->fd < 0) {
        (void)fail(file, g_strerror(errno), error);
        return NULL;
    }
    return check(file, error) ? g_steal_pointer(&file) : NULL;
}

MeishiInputFile *
meishi_input_file_new_for_fd(const char *name, int fd)
{
    MeishiInputFile *file = g_new0(MeishiInputFile, 1);

    file->name = g_strdup(name);
    file->fd = fd;
    return file;
}

MeishiInputFile *
meishi_input_file_new_for_bytes(const char *name, gconstpointer bytes, gsize len, GError **error)
{
    g_autoptr(MeishiInputFile) file =
        meishi_input_file_new_for_fd(name, memfd_create("meishi-file", MFD_CLOEXEC));

    if (file->fd >= 0 && meishi_fd_write_all(file->fd, bytes, len))
        return g_steal_pointer(&file);
    (void)fail(file, g_strerror(errno), error);
    return NULL;
}
