/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Two SQLite files are copied under SQLite's own lock for readers, so that nobody writes to either
 * meanwhile, together with their rollback journals: where one was left by a crash, whoever opens
 * the copy rolls the copy back.  A key in a database without a password is as good as open, so the
 * copy lies in the runtime directory, closed to others, for the moment that it is needed; not
 * beside the sockets, in what people share with sandboxes.
 */
#include "cli/move-in/nss-copy.h"

#include "daemon/base/error.h"
#include "daemon/base/fd.h"
#include "daemon/base/paths.h"
#include "daemon/base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_FILE      (256 * 1024 * 1024)
#define BUFFER        65536
#define LOCK_TRIES    250
#define LOCK_PAUSE_US 20000

/* https://www.sqlite.org/src/file/src/os.h: the bytes that a reader locks. */
#define SHARED_FIRST (0x40000000 + 2)
#define SHARED_SIZE  510

struct MeishiNssCopy {
    char *path;
};

/* What may be there beside each database. */
static const char *const databases[] = {"cert9.db", "key4.db"};
static const char *const suffixes[] = {"", "-journal", "-wal"};

const char *
meishi_nss_copy_path(const MeishiNssCopy *copy)
{
    return copy->path;
}

void
meishi_nss_copy_free(MeishiNssCopy *copy)
{
    if (copy == NULL)
        return;
    for (gsize i = 0; i < G_N_ELEMENTS(databases); i++) {
        for (gsize j = 0; j < G_N_ELEMENTS(suffixes); j++) {
            g_autofree char *name = g_strconcat(databases[i], suffixes[j], NULL);
            g_autofree char *path = g_build_filename(copy->path, name, NULL);

            g_unlink(path);
        }
    }
    g_rmdir(copy->path);
    g_free(copy->path);
    g_free(copy);
}

static gboolean
fail(const char *path, int number, GError **error)
{
    g_set_error(error, MEISHI_ERROR, meishi_error_code_of_errno(number), "Cannot read %s: %s", path,
                g_strerror(number));
    return FALSE;
}

/* O_NOATIME is for the owner alone. */
static int
open_quietly(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOATIME);

    if (fd < 0 && errno == EPERM)
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    return fd;
}

/* ---- the lock -------------------------------------------------------------------------------- */

/* Held until @fd is closed.  Where the file system knows no locks there is nothing to wait for. */
static gboolean
lock_for_reading(int fd, const char *path, GError **error)
{
    struct flock lock = {
        .l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = SHARED_FIRST, .l_len = SHARED_SIZE};

    for (guint i = 0; i < LOCK_TRIES; i++) {
        if (fcntl(fd, F_OFD_SETLK, &lock) == 0 || (errno != EAGAIN && errno != EACCES))
            return TRUE;
        g_usleep(LOCK_PAUSE_US);
    }
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_BUSY,
                "Another program keeps writing to %s. Try again when it is done.", path);
    return FALSE;
}

/* ---- copying --------------------------------------------------------------------------------- */

static gboolean
copy_bytes(int from, int to)
{
    g_autoptr(MeishiSecret) buffer = meishi_secret_new(BUFFER);
    guint8 *bytes = meishi_secret_writable(buffer);
    gssize n = 1;

    while (n != 0) {
        n = read(from, bytes, BUFFER);
        if (n < 0 && errno != EINTR)
            return FALSE;
        if (n > 0 && !meishi_fd_write_all(to, bytes, (gsize)n))
            return FALSE;
    }
    return TRUE;
}

static gboolean
copy_open_file(const MeishiNssCopy *copy, int from, const char *path, GError **error)
{
    g_autofree char *name = g_path_get_basename(path);
    g_autofree char *target = g_build_filename(copy->path, name, NULL);
    struct stat st;
    gboolean is_done;
    int to;

    if (fstat(from, &st) != 0)
        return fail(path, errno, error);
    if (!S_ISREG(st.st_mode) || st.st_size > MAX_FILE) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_BAD_FILE, "%s is no database of NSS", path);
        return FALSE;
    }
    to = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    is_done = to >= 0 && copy_bytes(from, to);
    if (!is_done)
        (void)fail(path, errno, error);
    if (to >= 0)
        close(to);
    return is_done;
}

/* A journal, where there is one. */
static gboolean
copy_beside(const MeishiNssCopy *copy, const char *database, const char *suffix, GError **error)
{
    g_autofree char *path = g_strconcat(database, suffix, NULL);
    int from = open_quietly(path);
    gboolean is_done;

    if (from < 0)
        return errno == ENOENT || fail(path, errno, error);
    is_done = copy_open_file(copy, from, path, error);
    close(from);
    return is_done;
}

static gboolean
copy_database(const MeishiNssCopy *copy, const char *directory, const char *name, GError **error)
{
    g_autofree char *path = g_build_filename(directory, name, NULL);
    int from = open_quietly(path);
    gboolean is_done;

    if (from < 0)
        return fail(path, errno, error);
    is_done = lock_for_reading(from, path, error) && copy_open_file(copy, from, path, error);
    for (gsize i = 1; is_done && i < G_N_ELEMENTS(suffixes); i++)
        is_done = copy_beside(copy, path, suffixes[i], error);
    close(from);
    return is_done;
}

/* ---- what there is ----------------------------------------------------------------------------
 */

static gboolean
has_file(const char *directory, const char *name)
{
    g_autofree char *path = g_build_filename(directory, name, NULL);

    return g_access(path, F_OK) == 0;
}

static gboolean
check_format(const char *directory, GError **error)
{
    if (has_file(directory, "cert9.db") && has_file(directory, "key4.db"))
        return TRUE;
    if (has_file(directory, "cert8.db") || has_file(directory, "key3.db"))
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_UNSUPPORTED,
                    "The database in %s (cert8.db, key3.db) is in the format of before 2018, which "
                    "nothing reads today. Save the certificate to a .p12 file with the program "
                    "that wrote it, and import that.",
                    directory);
    else
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND,
                    "There is no NSS database (cert9.db, key4.db) in %s", directory);
    return FALSE;
}

static MeishiNssCopy *
make_directory(GError **error)
{
    g_autofree char *runtime = meishi_paths_runtime_dir();
    g_autofree char *base = g_path_get_dirname(runtime);
    g_autofree char *path = g_build_filename(base, "meishi-import-XXXXXX", NULL);
    MeishiNssCopy *copy;

    if (!meishi_paths_ensure_private_dir(runtime, error))
        return NULL;
    if (g_mkdtemp(path) == NULL) {
        g_set_error(error, MEISHI_ERROR, meishi_error_code_of_errno(errno),
                    "Cannot make a directory in %s: %s", base, g_strerror(errno));
        return NULL;
    }
    copy = g_new0(MeishiNssCopy, 1);
    copy->path = g_steal_pointer(&path);
    return copy;
}

MeishiNssCopy *
meishi_nss_copy_new(const char *directory, GError **error)
{
    g_autoptr(MeishiNssCopy) copy = NULL;

    if (!check_format(directory, error))
        return NULL;
    copy = make_directory(error);
    for (gsize i = 0; copy != NULL && i < G_N_ELEMENTS(databases); i++) {
        if (!copy_database(copy, directory, databases[i], error))
            return NULL;
    }
    return g_steal_pointer(&copy);
}
