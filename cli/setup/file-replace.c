/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A temporary file beside the target, with everything that the target has, renamed over it.  It has
 * one name, so that what a crash leaves is found; setup runs once at a time (journal.h).
 */
#include "cli/setup/file-replace.h"

#include "daemon/base/error.h"
#include "daemon/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#define MAX_ATTRIBUTES 65536
#define TEMPORARY      ".meishi-new"

void
meishi_file_look_init(MeishiFileLook *look, const struct stat *st)
{
    *look = (MeishiFileLook){.mode = st->st_mode & 07777, .uid = st->st_uid, .gid = st->st_gid};
}

void
meishi_file_look_init_new(MeishiFileLook *look, guint mode)
{
    *look = (MeishiFileLook){.mode = mode, .uid = geteuid(), .gid = getegid()};
}

static gboolean
fail_errno(const char *path, GError **error)
{
    int saved = errno;

    g_set_error(error, MEISHI_ERROR, meishi_error_code_of_errno(saved), "Cannot write %s: %s", path,
                g_strerror(saved));
    return FALSE;
}

static gboolean
refuse(const char *path, const char *why, GError **error)
{
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_PERMISSIONS, "%s %s.", path, why);
    return FALSE;
}

gboolean
meishi_file_replace_check(const MeishiFileState *old, GError **error)
{
    if (old->bytes == NULL)
        return TRUE;
    if (old->st.st_nlink > 1)
        return refuse(old->path, "has other names (hard links), which would keep the old content",
                      error);
    if (access(old->path, W_OK) != 0)
        return refuse(old->path, "is write-protected", error);
    return TRUE;
}

void
meishi_file_replace_sync(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return;
    (void)fsync(fd); /* some file systems cannot */
    close(fd);
}

void
meishi_file_replace_clean(const char *path)
{
    g_autofree char *temporary = g_strconcat(path, TEMPORARY, NULL);

    unlink(temporary);
}

/* ---- the temporary file ---------------------------------------------------------------------- */

typedef struct {
    char *path;
    int fd;
} Temporary;

static void
temporary_clear(Temporary *temporary)
{
    if (temporary->fd >= 0)
        close(temporary->fd);
    if (temporary->path != NULL)
        unlink(temporary->path);
    g_free(temporary->path);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Temporary, temporary_clear)

static void
copy_attribute(const char *path, const char *name, int fd)
{
    g_autofree char *value = g_malloc(MAX_ATTRIBUTES);
    gssize len = getxattr(path, name, value, MAX_ATTRIBUTES);

    if (len >= 0)
        (void)fsetxattr(fd, name, value, (gsize)len, 0);
}

/* Access lists and labels; those that we may not set are those that the system sets itself. */
static void
copy_attributes(const char *path, int fd)
{
    g_autofree char *names = g_malloc(MAX_ATTRIBUTES);
    gssize len = listxattr(path, names, MAX_ATTRIBUTES);

    for (gssize at = 0; at < len; at += (gssize)strlen(names + at) + 1)
        copy_attribute(path, names + at, fd);
}

static gboolean
set_look(int fd, const MeishiFileLook *look)
{
    const struct timespec times[] = {{.tv_nsec = UTIME_OMIT}, look->time};
    struct stat st;

    if (fstat(fd, &st) != 0)
        return FALSE;
    if ((st.st_uid != look->uid || st.st_gid != look->gid) && fchown(fd, look->uid, look->gid) != 0)
        return FALSE;
    if (fchmod(fd, look->mode) != 0)
        return FALSE;
    return !look->has_time || futimens(fd, times) == 0;
}

static gboolean
fill(Temporary *temporary, const MeishiFileState *old, GBytes *bytes, const MeishiFileLook *look)
{
    gsize len;
    const void *data = g_bytes_get_data(bytes, &len);

    meishi_file_replace_clean(old->path);
    temporary->path = g_strconcat(old->path, TEMPORARY, NULL);
    temporary->fd = open(temporary->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (temporary->fd < 0) {
        g_clear_pointer(&temporary->path, g_free);
        return FALSE;
    }
    if (!meishi_fd_write_all(temporary->fd, data, len))
        return FALSE;
    if (old->bytes != NULL)
        copy_attributes(old->path, temporary->fd);
    return set_look(temporary->fd, look) && fsync(temporary->fd) == 0;
}

/* ---- replacing ------------------------------------------------------------------------------- */

static gboolean
check_current(const MeishiFileState *old, GError **error)
{
    if (meishi_file_state_is_current(old))
        return TRUE;
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_BUSY,
                "%s was changed by another program just now; try again.", old->path);
    return FALSE;
}

static gboolean
take_away(const MeishiFileState *old, GError **error)
{
    if (!check_current(old, error))
        return FALSE;
    return old->bytes == NULL || unlink(old->path) == 0 || fail_errno(old->path, error);
}

static gboolean
put(const MeishiFileState *old, GBytes *bytes, const MeishiFileLook *look, GError **error)
{
    g_auto(Temporary) temporary = {.fd = -1};

    if (!fill(&temporary, old, bytes, look))
        return fail_errno(old->path, error);
    if (!check_current(old, error))
        return FALSE;
    if (rename(temporary.path, old->path) != 0)
        return fail_errno(old->path, error);
    g_clear_pointer(&temporary.path, g_free);
    return TRUE;
}

gboolean
meishi_file_replace(const MeishiFileState *old, GBytes *bytes, const MeishiFileLook *look,
                    GError **error)
{
    g_autofree char *dir = g_path_get_dirname(old->path);

    if (!meishi_file_replace_check(old, error))
        return FALSE;
    if (bytes != NULL ? !put(old, bytes, look, error) : !take_away(old, error))
        return FALSE;
    meishi_file_replace_sync(dir);
    return TRUE;
}
