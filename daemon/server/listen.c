/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where listening sockets come from: systemd's protocol (sd_listen_fds(3), by hand, because it is
 * three environment variables), or a path of our own.
 */
#include "daemon/server/server.h"

#include "daemon/base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define FIRST_INHERITED 3
#define MAX_INHERITED   64

/* ---- inherited ----------------------------------------------------------------------------- */

static guint64
read_number(const char *variable)
{
    const char *text = g_getenv(variable);
    guint64 number;

    if (text == NULL || !g_ascii_string_to_unsigned(text, 10, 0, G_MAXINT, &number, NULL))
        return 0;
    return number;
}

static gboolean
is_listening(int fd, int type)
{
    int actual = 0, listens = 0, domain = 0;
    socklen_t len = sizeof actual;

    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &actual, &len) == 0 && actual == type &&
           getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 && domain == AF_UNIX &&
           getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) == 0 && listens != 0;
}

static gboolean
is_named(char **names, guint n, guint i, const char *name)
{
    return i < n && *names[i] != '\0' && !g_str_equal(names[i], "unknown")
               ? g_str_equal(names[i], name)
               : TRUE;
}

/* The service manager's variables stay as they are: nothing that we start inherits descriptors. */
int
meishi_listen_inherited(const char *name, int type)
{
    guint64 n = MIN(read_number("LISTEN_FDS"), MAX_INHERITED);
    const char *text = g_getenv("LISTEN_FDNAMES");
    g_auto(GStrv) names = g_strsplit(text != NULL ? text : "", ":", MAX_INHERITED);
    guint n_names = g_strv_length(names);

    if (read_number("LISTEN_PID") != (guint64)getpid())
        return -1;
    for (guint i = 0; i < n; i++) {
        int fd = FIRST_INHERITED + (int)i;

        if (!is_named(names, n_names, i, name) || !is_listening(fd, type))
            continue;
        if (fcntl(fd, F_SETFD, FD_CLOEXEC) == 0)
            return fd;
    }
    return -1;
}

/* ---- our own ------------------------------------------------------------------------------- */

/* A path that does not fit is an error: cut short it would name another file. */
static gboolean
make_address(const char *path, struct sockaddr_un *ret, GError **error)
{
    gsize len = strlen(path);

    if (len >= sizeof ret->sun_path) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT,
                    "the path of the socket is too long (%zu bytes; at most %zu): %s", len,
                    sizeof ret->sun_path - 1, path);
        return FALSE;
    }
    *ret = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(ret->sun_path, path, len);
    return TRUE;
}

static int
fail(GError **error, int fd, MeishiErrorCode code, const char *what, const char *path, int number)
{
    g_set_error(error, MEISHI_ERROR, code, "%s %s: %s", what, path, g_strerror(number));
    if (fd >= 0)
        close(fd);
    return -1;
}

/* TRUE where somebody listens at @address. */
static gboolean
is_live(const struct sockaddr_un *address, int type)
{
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    gboolean is_refused;

    if (fd < 0)
        return TRUE;
    is_refused = connect(fd, (const struct sockaddr *)address, sizeof *address) < 0 &&
                 (errno == ECONNREFUSED || errno == ENOENT);
    close(fd);
    return !is_refused;
}

/* Removes what a dead daemon left; nothing but a socket of ours. */
static gboolean
clear_path(const char *path, const struct sockaddr_un *address, int type, GError **error)
{
    struct stat st;

    if (lstat(path, &st) < 0)
        return errno == ENOENT ||
               fail(error, -1, MEISHI_ERROR_IO, "cannot look at", path, errno) == 0;
    if (!S_ISSOCK(st.st_mode) || st.st_uid != getuid()) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_PERMISSIONS,
                    "%s is in the way and no socket of ours; move it aside", path);
        return FALSE;
    }
    if (is_live(address, type)) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_BUSY, "another daemon is listening at %s",
                    path);
        return FALSE;
    }
    if (unlink(path) < 0 && errno != ENOENT)
        return fail(error, -1, MEISHI_ERROR_IO, "cannot remove", path, errno) == 0;
    return TRUE;
}

int
meishi_listen(const char *path, int type, GError **error)
{
    struct sockaddr_un address;
    mode_t mask;
    int fd, r;

    if (!make_address(path, &address, error) || !clear_path(path, &address, type, error))
        return -1;
    fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return fail(error, -1, MEISHI_ERROR_IO, "cannot make the socket", path, errno);
    mask = umask(0177);
    r = bind(fd, (const struct sockaddr *)&address, sizeof address);
    umask(mask);
    if (r < 0)
        return fail(error, fd, MEISHI_ERROR_IO, "cannot make the socket", path, errno);
    if (listen(fd, SOMAXCONN) < 0)
        return fail(error, fd, MEISHI_ERROR_IO, "cannot listen at", path, errno);
    return fd;
}
