/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The program and the thread that talks with it; see pinentry.h.  The process is not reaped before
 * meishi_pinentry_free(), so its id is its own as long as we use it.
 *
 * Invariant: the thread touches nothing but the conversation, and that only until it says so.
 */
#include "cli/pinentry.h"

#include "cli/error.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define GRACE_MS   500
#define PATIENCE_S 10

struct MeishiPinentry {
    MeishiPinentryTalk talk; /* the thread's, until done_fd is readable */
    int done_fd;
    GThread *thread;
    int socket;         /* a second descriptor of talk.fd: ends the conversation from here */
    guint patience;     /* with what no person has a part in */
    gboolean is_silent; /* it has ended */
    pid_t pid;
    guint source;
    MeishiPinentryDone done;
    gpointer user_data;
};

static gpointer
run_talk(gpointer data)
{
    MeishiPinentry *pinentry = data;
    guint64 one = 1;

    meishi_pinentry_talk(&pinentry->talk);
    while (write(pinentry->done_fd, &one, sizeof one) < 0 && errno == EINTR)
        ;
    return NULL;
}

/* One that does not even greet never will. */
static gboolean
on_patience_ended(gpointer data)
{
    MeishiPinentry *pinentry = data;

    pinentry->patience = 0;
    if (!g_atomic_int_get(&pinentry->talk.is_asking)) {
        pinentry->is_silent = TRUE;
        (void)shutdown(pinentry->socket, SHUT_RDWR);
    }
    return G_SOURCE_REMOVE;
}

static gboolean
on_done(int fd, GIOCondition condition, gpointer data)
{
    MeishiPinentry *pinentry = data;
    g_autoptr(MeishiSecret) secret = NULL;
    g_autofree char *problem = NULL;

    g_thread_join(g_steal_pointer(&pinentry->thread));
    secret = g_steal_pointer(&pinentry->talk.secret);
    problem = g_steal_pointer(&pinentry->talk.problem);
    pinentry->source = 0;
    g_clear_handle_id(&pinentry->patience, g_source_remove);
    pinentry->done(pinentry->talk.end, secret, pinentry->is_silent ? "it does not answer" : problem,
                   pinentry->user_data);
    return G_SOURCE_REMOVE;
}

/* ---- the program ----------------------------------------------------------------------------- */

/* @theirs is standard input and output of the program; what it has to complain of would be in the
 * middle of its own screen. */
static gboolean
spawn(const char *program, int theirs, pid_t *ret_pid, GError **error)
{
    const char *const argv[] = {program, NULL};
    int out = fcntl(theirs, F_DUPFD_CLOEXEC, 3);
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    gboolean ok = out >= 0 && null >= 0 &&
                  g_spawn_async_with_pipes_and_fds(
                      NULL, argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_CLOEXEC_PIPES, NULL,
                      NULL, theirs, out, null, NULL, NULL, 0, ret_pid, NULL, NULL, NULL, error);

    if (out < 0 || null < 0)
        g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_FAILED, "%s", g_strerror(errno));
    if (out >= 0)
        close(out);
    if (null >= 0)
        close(null);
    return ok;
}

/* Whether the process ends within @ms. */
static gboolean
ends_within(pid_t pid, int ms)
{
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    struct pollfd end = {.fd = fd, .events = POLLIN};
    gboolean ended = fd >= 0 && poll(&end, 1, ms) == 1;

    if (fd >= 0)
        close(fd);
    return ended;
}

/* Asked first: one that draws on the terminal puts it right then. */
static gboolean
end_program(pid_t pid, gboolean has_finished)
{
    int status = 0;

    if (!has_finished || !ends_within(pid, GRACE_MS)) {
        kill(pid, SIGTERM);
        kill(pid, SIGCONT);
        if (!ends_within(pid, GRACE_MS))
            kill(pid, SIGKILL);
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFSIGNALED(status);
}

/* ---- coming and going ------------------------------------------------------------------------ */

static gboolean
open_sockets(MeishiPinentry *pinentry, int *ret_theirs, GError **error)
{
    int pair[2];

    pinentry->done_fd = eventfd(0, EFD_CLOEXEC);
    if (pinentry->done_fd >= 0 && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0) {
        pinentry->talk.fd = pair[0];
        pinentry->socket = fcntl(pair[0], F_DUPFD_CLOEXEC, 3);
        *ret_theirs = pair[1];
        return TRUE;
    }
    g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_FAILED, "%s", g_strerror(errno));
    return FALSE;
}

MeishiPinentry *
meishi_pinentry_new(const char *program, const char *const *script, gboolean is_confirm,
                    MeishiPinentryDone done, gpointer user_data, GError **error)
{
    MeishiPinentry *pinentry = g_new0(MeishiPinentry, 1);
    int theirs = -1;

    pinentry->talk = (MeishiPinentryTalk){.fd = -1, .is_confirm = is_confirm};
    pinentry->talk.script = g_strdupv((char **)script);
    pinentry->socket = pinentry->done_fd = -1;
    pinentry->done = done;
    pinentry->user_data = user_data;
    if (!open_sockets(pinentry, &theirs, error) || !spawn(program, theirs, &pinentry->pid, error)) {
        g_clear_pointer(&pinentry, meishi_pinentry_free);
    } else {
        pinentry->source = g_unix_fd_add(pinentry->done_fd, G_IO_IN, on_done, pinentry);
        pinentry->thread = g_thread_new("pinentry", run_talk, pinentry);
        pinentry->patience = g_timeout_add_seconds(PATIENCE_S, on_patience_ended, pinentry);
    }
    if (theirs >= 0)
        close(theirs);
    return pinentry;
}

static void
close_if_open(int fd)
{
    if (fd >= 0)
        close(fd);
}

gboolean
meishi_pinentry_free(MeishiPinentry *pinentry)
{
    gboolean is_killed;

    if (pinentry == NULL)
        return FALSE;
    is_killed = pinentry->pid != 0 &&
                end_program(pinentry->pid, pinentry->thread == NULL &&
                                               pinentry->talk.end != MEISHI_PINENTRY_FAILED);
    g_clear_handle_id(&pinentry->source, g_source_remove);
    g_clear_handle_id(&pinentry->patience, g_source_remove);
    if (pinentry->thread != NULL) {
        (void)shutdown(pinentry->socket, SHUT_RDWR);
        g_thread_join(pinentry->thread);
    } else if (pinentry->pid == 0) {
        close_if_open(pinentry->talk.fd); /* nobody has taken it */
    }
    close_if_open(pinentry->socket);
    close_if_open(pinentry->done_fd);
    meishi_secret_unref(pinentry->talk.secret);
    g_strfreev(pinentry->talk.script);
    g_free(pinentry->talk.problem);
    g_free(pinentry);
    return is_killed;
}
