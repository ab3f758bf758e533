/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A temporary file beside the target, mode 0600, that takes its name once it is complete and on
 * disk.  Without --force it takes it in a way that fails where somebody was faster.
 */
#include "cli/out-file.h"

#include "cli/error.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <unistd.h>

struct MeishiOutFile {
    char *path;
    char *temporary;
    gboolean force;
    int fd;
};

static gboolean
fail(const char *path, GError **error)
{
    int saved = errno;

    g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_FAILED, "Cannot write %s: %s", path,
                g_strerror(saved));
    return FALSE;
}

static gboolean
fail_exists(const char *path, GError **error)
{
    g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_FAILED,
                "%s exists already. Choose another name, or replace it with --force.", path);
    return FALSE;
}

MeishiOutFile *
meishi_out_file_new(const char *path, gboolean force, GError **error)
{
    g_autoptr(MeishiOutFile) file = g_new0(MeishiOutFile, 1);

    file->path = g_strdup(path);
    file->force = force;
    file->fd = -1;
    if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
        errno = EISDIR;
        (void)fail(path, error);
        return NULL;
    }
    if (!force && (g_file_test(path, G_FILE_TEST_EXISTS | G_FILE_TEST_IS_SYMLINK))) {
        (void)fail_exists(path, error);
        return NULL;
    }
    file->temporary = g_strconcat(path, ".XXXXXX", NULL);
    file->fd = g_mkstemp_full(file->temporary, O_RDWR | O_CLOEXEC, 0600);
    if (file->fd < 0) {
        g_clear_pointer(&file->temporary, g_free);
        (void)fail(path, error);
        return NULL;
    }
    return g_steal_pointer(&file);
}

void
meishi_out_file_free(MeishiOutFile *file)
{
    if (file->fd >= 0)
        close(file->fd);
    if (file->temporary != NULL)
        unlink(file->temporary);
    g_free(file->temporary);
    g_free(file->path);
    g_free(file);
}

int
meishi_out_file_fd(MeishiOutFile *file)
{
    return file->fd;
}

gboolean
meishi_out_file_write(MeishiOutFile *file, gconstpointer data, gsize len, GError **error)
{
    const guint8 *bytes = data;

    while (len > 0) {
        gssize n = write(file->fd, bytes, len);

        if (n < 0 && errno != EINTR)
            return fail(file->path, error);
        bytes += MAX(n, 0);
        len -= (gsize)MAX(n, 0);
    }
    return TRUE;
}

/* Not every file system can rename without replacing (EINVAL); those can link. */
static gboolean
take_name(MeishiOutFile *file)
{
    int rc = renameat2(AT_FDCWD, file->temporary, AT_FDCWD, file->path,
                       file->force ? 0 : RENAME_NOREPLACE);

    if (rc != 0 && errno == EINVAL && !file->force)
        return link(file->temporary, file->path) == 0;
    if (rc == 0)
        g_clear_pointer(&file->temporary, g_free);
    return rc == 0;
}

gboolean
meishi_out_file_commit(MeishiOutFile *file, GError **error)
{
    if (fsync(file->fd) != 0)
        return fail(file->path, error);
    if (take_name(file))
        return TRUE;
    return errno == EEXIST ? fail_exists(file->path, error) : fail(file->path, error);
}
