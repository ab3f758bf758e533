/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The two signals write their numbers into a pipe; everything else is done by the main loop.  The
 * process stops by the signal itself with its default action, so that the shell sees a job that
 * was stopped from the terminal.
 */
#include "cli/tty-jobs.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <unistd.h>

struct MeishiTtyJobs {
    const MeishiTtyJobsClass *class;
    gpointer user_data;
    guint source;
    int fds[2];
    struct sigaction stop, go_on; /* before */
};

static volatile sig_atomic_t signal_fd = -1;

static void
note_signal(int number)
{
    int saved = errno;
    char byte = (char)number;

    if (write(signal_fd, &byte, 1) < 0) {
        /* The pipe is full: the main loop will hear of it without this one. */
    }
    errno = saved;
}

static void
catch_signal(int number, struct sigaction *ret_before)
{
    struct sigaction action = {.sa_handler = note_signal, .sa_flags = SA_RESTART};

    sigemptyset(&action.sa_mask);
    sigaction(number, &action, ret_before);
}

/* Returns when the process goes on; at once where nobody could make it go on (an orphaned process
 * group, see kill(2)). */
static void
stop_self(void)
{
    struct sigaction fatal = {.sa_handler = SIG_DFL};
    struct sigaction caught;

    sigemptyset(&fatal.sa_mask);
    sigaction(SIGTSTP, &fatal, &caught);
    raise(SIGTSTP);
    sigaction(SIGTSTP, &caught, NULL);
}

/* However many came: one stop, one return. */
static gboolean
on_signal(int fd, GIOCondition condition, gpointer data)
{
    MeishiTtyJobs *jobs = data;
    gboolean stop = FALSE;
    char bytes[64];
    gssize n;

    while ((n = read(fd, bytes, sizeof bytes)) > 0) {
        for (gssize i = 0; i < n; i++)
            stop |= bytes[i] == SIGTSTP;
    }
    if (stop) {
        jobs->class->leave(jobs->user_data);
        stop_self();
    }
    jobs->class->come_back(jobs->user_data);
    return G_SOURCE_CONTINUE;
}

static gboolean
is_ignored(int number)
{
    struct sigaction action;

    return sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

MeishiTtyJobs *
meishi_tty_jobs_new(const MeishiTtyJobsClass *class, gpointer user_data)
{
    MeishiTtyJobs *jobs;

    g_return_val_if_fail(signal_fd < 0, NULL);
    if (is_ignored(SIGTSTP))
        return NULL;
    jobs = g_new0(MeishiTtyJobs, 1);
    jobs->class = class;
    jobs->user_data = user_data;
    if (pipe2(jobs->fds, O_CLOEXEC | O_NONBLOCK) != 0) {
        g_free(jobs);
        return NULL;
    }
    signal_fd = jobs->fds[1];
    jobs->source = g_unix_fd_add(jobs->fds[0], G_IO_IN, on_signal, jobs);
    catch_signal(SIGTSTP, &jobs->stop);
    catch_signal(SIGCONT, &jobs->go_on);
    return jobs;
}

void
meishi_tty_jobs_free(MeishiTtyJobs *jobs)
{
    if (jobs == NULL)
        return;
    sigaction(SIGTSTP, &jobs->stop, NULL);
    sigaction(SIGCONT, &jobs->go_on, NULL);
    signal_fd = -1;
    g_source_remove(jobs->source);
    close(jobs->fds[0]);
    close(jobs->fds[1]);
    g_free(jobs);
}
