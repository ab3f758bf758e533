/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The daemon gets a session of its own, no terminal, and a log file in the runtime directory, so
 * that it outlives the command and what it says is not lost.  Two commands at once may start two
 * daemons; the second finds the store locked and ends, and both commands find the first.
 */
#include "config.h"

#include "cli/launch.h"

#include "cli/error.h"
#include "daemon/base/error.h"
#include "daemon/base/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gunixsocketaddress.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define START_LIMIT_MS 15000
/* After ours ended because of another one, which is about to serve. */
#define OTHER_LIMIT_MS 2000
#define POLL_US        10000
#define LOG_TAIL       2000

/* In a directory like /tmp somebody else may listen in our daemon's place, waiting for passwords.
 */
static gboolean
check_listener(GSocketConnection *connection, const char *path, GError **error)
{
    GSocket *socket = g_socket_connection_get_socket(connection);
    g_autoptr(GCredentials) credentials = g_socket_get_credentials(socket, error);

    if (credentials == NULL)
        return FALSE;
    if (g_credentials_get_unix_user(credentials, NULL) == getuid())
        return TRUE;
    g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_FAILED,
                "%s is served by another user, who will not be told anything. Check "
                "XDG_RUNTIME_DIR.",
                path);
    return FALSE;
}

GSocketConnection *
meishi_launch_connect(const char *socket, GError **error)
{
    g_autoptr(GSocketClient) client = g_socket_client_new();
    g_autoptr(GSocketAddress) address = NULL;
    g_autoptr(GSocketConnection) connection = NULL;

    if (strlen(socket) >= 108) {
        g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_FAILED,
                    "The path %s is too long for a socket. Set XDG_RUNTIME_DIR to a shorter one.",
                    socket);
        return NULL;
    }
    g_socket_client_set_enable_proxy(client, FALSE);
    address = g_unix_socket_address_new(socket);
    connection = g_socket_client_connect(client, G_SOCKET_CONNECTABLE(address), NULL, error);
    if (connection == NULL || !check_listener(connection, socket, error))
        return NULL;
    return g_steal_pointer(&connection);
}

/* ---- where the daemon is -------------------------------------------------------------------- */

static char *
if_executable(char *path)
{
    if (g_file_test(path, G_FILE_TEST_IS_EXECUTABLE))
        return path;
    g_free(path);
    return NULL;
}

/* "../libexec" for the usual layout: from one configured directory to the other. */
static char *
relative_libexec(void)
{
    g_autofree char *up = g_strdup("");
    const char *bin = MEISHI_BINDIR;
    gsize same = 0;

    for (gsize i = 0; bin[i] == MEISHI_LIBEXECDIR[i] && bin[i] != '\0'; i++) {
        if (bin[i] == '/')
            same = i + 1;
    }
    for (const char *p = bin + same; p != NULL && *p != '\0'; p = strchr(p + 1, '/')) {
        char *longer = g_strconcat(up, "../", NULL);

        g_free(up);
        up = longer;
    }
    return g_strconcat(up, &MEISHI_LIBEXECDIR[same], NULL);
}

char *
meishi_launch_find(const char *name, const char *build_dir)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *dir = self != NULL ? g_path_get_dirname(self) : g_strdup(MEISHI_BINDIR);
    g_autofree char *relative = relative_libexec();
    char *found = if_executable(g_build_filename(dir, relative, name, NULL));

    if (found == NULL)
        found = if_executable(g_build_filename(dir, build_dir, name, NULL));
    if (found == NULL)
        found = if_executable(g_build_filename(MEISHI_LIBEXECDIR, name, NULL));
    return found;
}

/* ---- its log -------------------------------------------------------------------------------- */

static int
open_log(const char *path, GError **error)
{
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0)
        g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_FAILED,
                    "Cannot write the daemon's log %s: %s", path, g_strerror(errno));
    return fd;
}

/* The last lines, without "meishid: ". */
static char *
read_log(int fd)
{
    g_autofree char *text = g_malloc0(LOG_TAIL + 1);
    off_t size = lseek(fd, 0, SEEK_END);
    gssize n = pread(fd, text, LOG_TAIL, MAX(0, size - LOG_TAIL));
    const char *start;

    text[MAX(n, 0)] = '\0';
    g_strstrip(text);
    start = g_str_has_prefix(text, "meishid: ") ? text + strlen("meishid: ") : text;
    return g_strdup(start);
}

/* ---- starting ------------------------------------------------------------------------------- */

static void
leave_terminal(gpointer unused)
{
    setsid();
}

static GPid
spawn(const char *program, int log, GError **error)
{
    const char *const argv[] = {program, NULL};
    GPid pid = 0;

    if (!g_spawn_async_with_fds("/", (char **)argv, NULL,
                                G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL,
                                leave_terminal, NULL, &pid, -1, -1, log, error))
        g_prefix_error(error, "The daemon cannot be started: ");
    return pid;
}

static gboolean
is_nobody_there(const GError *error)
{
    return g_error_matches(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND) ||
           g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED);
}

static GSocketConnection *
fail_to_start(int log, gboolean ended, GError **error)
{
    g_autofree char *said = read_log(log);

    if (!ended)
        g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_FAILED,
                    "The daemon does not get ready. %s", said);
    else
        g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_FAILED,
                    "The daemon could not start. %s",
                    said[0] != '\0' ? said : "It said nothing about why");
    return NULL;
}

/* How long another daemon may still take, after ours ended. */
static gint64
grace_us(int status)
{
    if (WIFEXITED(status) && WEXITSTATUS(status) == MEISHI_DAEMON_EXIT_BUSY)
        return OTHER_LIMIT_MS * 1000;
    return 0;
}

/* Polls, because a socket cannot be watched before it exists. */
static GSocketConnection *
await(const char *socket, GPid pid, int log, GError **error)
{
    gint64 deadline = g_get_monotonic_time() + START_LIMIT_MS * 1000;
    gboolean ended = FALSE;
    int status;

    for (;;) {
        g_autoptr(GError) cause = NULL;
        GSocketConnection *connection = meishi_launch_connect(socket, &cause);

        if (connection != NULL)
            return connection;
        if (!is_nobody_there(cause)) {
            g_propagate_error(error, g_steal_pointer(&cause));
            return NULL;
        }
        if (!ended && waitpid(pid, &status, WNOHANG) == pid) {
            ended = TRUE;
            deadline = MIN(deadline, g_get_monotonic_time() + grace_us(status));
        }
        if (g_get_monotonic_time() >= deadline)
            return fail_to_start(log, ended, error);
        g_usleep(POLL_US);
    }
}

GSocketConnection *
meishi_launch_daemon(const char *socket, GError **error)
{
    g_autofree char *dir = meishi_paths_runtime_dir();
    g_autofree char *log_path = g_build_filename(dir, "meishid.log", NULL);
    g_autofree char *program = meishi_launch_find("meishid", "../daemon");
    GSocketConnection *connection = NULL;
    GPid pid;
    int log;

    if (program == NULL) {
        g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_FAILED,
                    "The daemon is not running, and there is no %s/meishid to start. Install "
                    "Meishi whole.",
                    MEISHI_LIBEXECDIR);
        return NULL;
    }
    if (!meishi_paths_ensure_private_dir(dir, error))
        return NULL;
    log = open_log(log_path, error);
    if (log < 0)
        return NULL;
    pid = spawn(program, log, error);
    if (pid != 0)
        connection = await(socket, pid, log, error);
    close(log);
    return connection;
}
