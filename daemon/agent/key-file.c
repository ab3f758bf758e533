/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Key files.  A file is judged through its open descriptor, so that what was checked is what is
 * read; a new one appears under its name only when it is complete and on disk, because a vault
 * sealed with a key file that a power cut took back is lost.  An existing file is never changed.
 */
#include "daemon/agent/key-file.h"

#include "daemon/base/error.h"
#include "daemon/base/paths.h"
#include "daemon/crypto/crypto.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

char *
meishi_key_file_default_path(void)
{
    g_autofree char *dir = meishi_paths_config_dir();

    return g_build_filename(dir, "vault.key", NULL);
}

static gboolean
fail(GError **error, MeishiErrorCode code, const char *path, const char *what)
{
    g_set_error(error, MEISHI_ERROR, code, "The key file %s %s.", path, what);
    return FALSE;
}

static gboolean
fail_errno(GError **error, const char *path, const char *doing, int number)
{
    MeishiErrorCode code = MEISHI_ERROR_IO;

    if (number == ENOENT)
        code = MEISHI_ERROR_NOT_FOUND;
    else if (number == EACCES || number == EPERM || number == EROFS)
        code = MEISHI_ERROR_PERMISSIONS;
    else if (number == ENOSPC || number == EDQUOT)
        code = MEISHI_ERROR_NO_SPACE;
    g_set_error(error, MEISHI_ERROR, code, "Cannot %s the key file %s: %s.", doing, path,
                g_strerror(number));
    return FALSE;
}

static gboolean
check_permissions(int fd, const char *path, GError **error)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return fail_errno(error, path, "examine", errno);
    if (!S_ISREG(st.st_mode))
        return fail(error, MEISHI_ERROR_PERMISSIONS, path, "is not a plain file");
    if (st.st_uid != geteuid())
        return fail(error, MEISHI_ERROR_PERMISSIONS, path,
                    "belongs to another user; it must be "
                    "yours");
    if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return fail(error, MEISHI_ERROR_PERMISSIONS, path,
                    "is open to other users; close it with chmod 600, and consider what they may "
                    "have read");
    return TRUE;
}

static MeishiSecret *
read_contents(int fd, const char *path, GError **error)
{
    g_autoptr(GError) local = NULL;
    g_autoptr(MeishiSecret) secret = meishi_secret_new_from_fd(fd, MEISHI_KEY_FILE_MAX, &local);

    if (g_error_matches(local, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT))
        fail(error, MEISHI_ERROR_INVALID_ARGUMENT, path,
             "is too long; it holds 8192 bytes at most");
    else if (secret == NULL)
        fail(error, MEISHI_ERROR_IO, path, "cannot be read");
    else if (meishi_secret_len(secret) < MEISHI_KEY_FILE_MIN)
        fail(error, MEISHI_ERROR_INVALID_ARGUMENT, path,
             "is too short; it needs 32 random bytes or more");
    else
        return g_steal_pointer(&secret);
    return NULL;
}

MeishiSecret *
meishi_key_file_read(const char *path, GError **error)
{
    MeishiSecret *secret = NULL;
    int fd = g_path_is_absolute(path) ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;

    if (!g_path_is_absolute(path)) {
        fail(error, MEISHI_ERROR_INVALID_ARGUMENT, path, "needs an absolute path");
        return NULL;
    }
    if (fd < 0) {
        fail_errno(error, path, "open", errno);
        return NULL;
    }
    if (check_permissions(fd, path, error))
        secret = read_contents(fd, path, error);
    close(fd);
    return secret;
}

static gboolean
write_random(int fd)
{
    g_autoptr(MeishiSecret) secret = meishi_secret_new(MEISHI_KEY_FILE_MIN);
    gsize len = meishi_secret_len(secret);

    meishi_crypto_random(meishi_secret_writable(secret), len);
    return write(fd, meishi_secret_data(secret), len) == (ssize_t)len && fsync(fd) == 0;
}

static void
sync_dir(const char *path)
{
    g_autofree char *dir = g_path_get_dirname(path);
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return;
    (void)fsync(fd); /* some file systems cannot; nothing more can be done about it */
    close(fd);
}

/* link(2) and not rename(2): it does not replace a file that came into being meanwhile. */
static gboolean
create(const char *path, GError **error)
{
    g_autofree char *temporary = g_strconcat(path, ".XXXXXX", NULL);
    int fd = g_mkstemp_full(temporary, O_WRONLY | O_CLOEXEC, 0600);
    int number = 0;

    if (fd < 0)
        return fail_errno(error, path, "make", errno);
    errno = 0;
    if (!write_random(fd))
        number = errno != 0 ? errno : EIO; /* a short write sets none */
    close(fd);
    if (number == 0 && link(temporary, path) != 0 && errno != EEXIST)
        number = errno;
    g_unlink(temporary);
    if (number != 0)
        return fail_errno(error, path, "write", number);
    sync_dir(path);
    return TRUE;
}

MeishiSecret *
meishi_key_file_ensure(const char *path, GError **error)
{
    g_autoptr(GError) local = NULL;
    MeishiSecret *secret = meishi_key_file_read(path, &local);

    if (secret != NULL)
        return secret;
    if (!g_error_matches(local, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND)) {
        g_propagate_error(error, g_steal_pointer(&local));
        return NULL;
    }
    return create(path, error) ? meishi_key_file_read(path, error) : NULL;
}
