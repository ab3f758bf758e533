/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reading /proc/PID.  Nothing here waits for the process: what could be a pipe or a terminal is
 * opened without blocking and looked at only where it is an ordinary file.
 */
#include "daemon/agent/process.h"

#include "daemon/base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STAT_MAX     4096
#define CGROUP_MAX   (64 * 1024)
#define LABEL_MAX    4096
#define SESSION_MAX  32
#define INFO_MAX     (64 * 1024)
#define MOUNTS_MAX   (4 * 1024 * 1024)

#define FLATPAK_INFO ".flatpak-info"

/* At most @max bytes, with a NUL added; NULL with errno where it cannot be read or is longer. */
static char *
read_fd(int fd, gsize max, gsize *ret_len)
{
    g_autoptr(GByteArray) text = g_byte_array_new();
    guint8 part[4096];
    ssize_t n;

    while ((n = read(fd, part, sizeof part)) > 0) {
        g_byte_array_append(text, part, (guint)n);
        if (text->len > max) {
            errno = EFBIG;
            return NULL;
        }
    }
    if (n < 0)
        return NULL;
    *ret_len = text->len;
    g_byte_array_append(text, (const guint8 *)"", 1);
    return (char *)g_byte_array_free(g_steal_pointer(&text), FALSE);
}

static char *
read_file(pid_t pid, const char *name, gsize max)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/%s", (int)pid, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    gsize len;
    char *text;

    if (fd < 0)
        return NULL;
    text = read_fd(fd, max, &len);
    close(fd);
    return text;
}

gboolean
meishi_process_stat(pid_t pid, MeishiProcStat *ret_stat)
{
    g_autofree char *text = read_file(pid, "stat", STAT_MAX);
    MeishiProcStat stat;

    if (text == NULL || !meishi_proc_text_stat(text, &stat) || strchr("ZXx", stat.state) != NULL)
        return FALSE;
    *ret_stat = stat;
    return TRUE;
}

gboolean
meishi_process_is_shown(pid_t pid)
{
    g_autofree char *text = read_file(pid, "stat", STAT_MAX);

    return text != NULL;
}

gboolean
meishi_process_has_ended(int pidfd)
{
    struct pollfd poller = {.fd = pidfd, .events = POLLIN};

    return poll(&poller, 1, 0) != 0;
}

/* ---- the program ----------------------------------------------------------------------------- */

/* Asks a file system of the caller's own making as little as possible. */
static gboolean
find_file(const char *path, struct statx *ret_file)
{
    return statx(AT_FDCWD, path, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_INO, ret_file) == 0;
}

static gboolean
is_same_file(const char *a, const char *b)
{
    struct statx x, y;

    return find_file(a, &x) && find_file(b, &y) && x.stx_ino == y.stx_ino &&
           x.stx_dev_major == y.stx_dev_major && x.stx_dev_minor == y.stx_dev_minor;
}

void
meishi_process_exe(pid_t pid, MeishiProcessExe *ret_exe)
{
    g_autofree char *link = g_strdup_printf("/proc/%d/exe", (int)pid);
    char *path = g_file_read_link(link, NULL);

    if (path != NULL && g_str_has_suffix(path, " (deleted)") && !is_same_file(link, path))
        path[strlen(path) - strlen(" (deleted)")] = '\0';
    ret_exe->path = path;
    ret_exe->is_what_runs = path != NULL && is_same_file(link, path);
}

void
meishi_process_exe_clear(MeishiProcessExe *exe)
{
    g_clear_pointer(&exe->path, g_free);
}

/* ---- where it runs --------------------------------------------------------------------------- */

char *
meishi_process_unit(pid_t pid)
{
    g_autofree char *text = read_file(pid, "cgroup", CGROUP_MAX);

    return text != NULL ? meishi_proc_text_unit(text) : NULL;
}

char *
meishi_process_session(pid_t pid)
{
    g_autofree char *cgroup = read_file(pid, "cgroup", CGROUP_MAX);
    g_autofree char *sessionid = read_file(pid, "sessionid", SESSION_MAX);

    return meishi_proc_text_session(cgroup, sessionid);
}

char *
meishi_process_snap_label(pid_t pid, gboolean *ret_is_confined)
{
    g_autofree char *text = read_file(pid, "attr/current", LABEL_MAX);

    return text != NULL ? meishi_proc_text_snap_label(text, ret_is_confined) : NULL;
}

/* About a process into whose root directory nobody may look: it can close itself to us (prctl(2),
 * PR_SET_DUMPABLE), in a sandbox, too.  But its mounts are told to everybody, and Flatpak mounts
 * the file. */
static gboolean
may_be_flatpak(pid_t pid)
{
    g_autofree char *mounts = read_file(pid, "mountinfo", MOUNTS_MAX);

    return mounts == NULL || meishi_proc_text_has_mount(mounts, "/" FLATPAK_INFO);
}

/* Was it the directory, not the file in it, that could not be read? */
static gboolean
is_root_closed(int number, const char *path)
{
    struct stat file;

    return number == EACCES && lstat(path, &file) < 0 && errno == EACCES;
}

static gboolean
refuse(GError **error, pid_t pid)
{
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_DENIED,
                "process %d is in a sandbox that does not say which application it is", (int)pid);
    return FALSE;
}

/* NULL with errno; ordinary files only. */
static char *
read_info(int fd, gsize *ret_len)
{
    struct stat file;

    if (fstat(fd, &file) < 0)
        return NULL;
    errno = EINVAL;
    return S_ISREG(file.st_mode) ? read_fd(fd, INFO_MAX, ret_len) : NULL;
}

gboolean
meishi_process_flatpak(pid_t pid, char **ret_id, GError **error)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/root/" FLATPAK_INFO, (int)pid);
    g_autofree char *info = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY);
    gsize len = 0;

    *ret_id = NULL;
    if (fd < 0 && errno == ENOENT)
        return TRUE;
    if (fd < 0)
        return (is_root_closed(errno, path) && !may_be_flatpak(pid)) || refuse(error, pid);
    info = read_info(fd, &len);
    close(fd);
    if (info != NULL)
        *ret_id = meishi_proc_text_flatpak(info, len);
    return *ret_id != NULL || refuse(error, pid);
}
