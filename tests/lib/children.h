/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Processes for tests to look at.  Each is ended by the test that made it, by its number; what
 * outlives its test all the same ends with it (PR_SET_PDEATHSIG) or after a minute.
 */
#pragma once

#include <glib.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHILDREN_SLEEP "/bin/sleep"

static inline int
children_pidfd(pid_t pid)
{
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);

    g_assert_cmpint(pidfd, >=, 0);
    return pidfd;
}

/* Its wait status. */
static inline int
children_reap(pid_t pid)
{
    int status = -1;

    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    return status;
}

/* Ends a child; without @reap it stays a zombie. */
static inline void
children_end(pid_t pid, gboolean reap)
{
    siginfo_t info;

    g_assert_cmpint(kill(pid, SIGKILL), ==, 0);
    if (reap)
        children_reap(pid);
    else
        g_assert_cmpint(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), ==, 0);
}

/* Waits until @pid executes @path. */
static inline void
children_await_exe(pid_t pid, const char *path)
{
    g_autofree char *link = g_strdup_printf("/proc/%d/exe", (int)pid);
    g_autofree char *real = realpath(path, NULL);

    for (int i = 0; i < 5000; i++) {
        g_autofree char *exe = g_file_read_link(link, NULL);

        if (g_strcmp0(exe, real) == 0)
            return;
        g_usleep(1000);
    }
    g_error("process %d does not execute %s", (int)pid, path);
}

static inline pid_t
children_spawn(const char *path, const char *argument)
{
    pid_t pid = fork();

    g_assert_cmpint(pid, >=, 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execl(path, path, argument, NULL);
        _exit(127);
    }
    children_await_exe(pid, path);
    return pid;
}

static inline pid_t
children_sleep(void)
{
    return children_spawn(CHILDREN_SLEEP, "60");
}

/* A child that does nothing; cheaper than a program. */
static inline pid_t
children_fork(void)
{
    pid_t pid = fork();

    g_assert_cmpint(pid, >=, 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;)
            pause();
    }
    return pid;
}

/* ---- children that run a piece of the test -----------------------------------------------------
 */

/* Through which the child says that it is ready, and is told to go on. */
typedef struct {
    int ready[2], go[2];
} ChildrenGate;

/* As fork(); the child ends with its parent. */
static inline pid_t
children_fork_gated(ChildrenGate *gate)
{
    pid_t pid;

    g_assert_cmpint(pipe(gate->ready), ==, 0);
    g_assert_cmpint(pipe(gate->go), ==, 0);
    pid = fork();
    g_assert_cmpint(pid, >=, 0);
    if (pid == 0)
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    close(gate->ready[pid == 0 ? 0 : 1]);
    close(gate->go[pid == 0 ? 1 : 0]);
    return pid;
}

/* In the child. */
static inline void
children_say_ready(ChildrenGate *gate)
{
    (void)!write(gate->ready[1], "", 1);
}

static inline void
children_wait_gate(ChildrenGate *gate)
{
    char byte;

    (void)!read(gate->go[0], &byte, 1);
}

static inline void
children_exec_sleep(void)
{
    execl(CHILDREN_SLEEP, CHILDREN_SLEEP, "60", NULL);
    _exit(127);
}

/* In the parent. */
static inline void
children_await_ready(ChildrenGate *gate)
{
    char byte;

    g_assert_cmpint(read(gate->ready[0], &byte, 1), ==, 1);
    close(gate->ready[0]);
    close(gate->go[1]);
}

static inline void
children_open_gate(ChildrenGate *gate)
{
    close(gate->ready[0]);
    close(gate->go[1]);
}

/* ---- a child with a child ----------------------------------------------------------------------
 */

typedef struct {
    pid_t parent, child;
} ChildrenFamily;

/* The child does not end with its parent, but within a minute. */
static inline void
children_run_parent(int report)
{
    pid_t child = fork();

    if (child == 0) {
        close(report);
        alarm(60);
        for (;;)
            pause();
    }
    (void)!write(report, &child, sizeof child);
    for (;;)
        pause();
}

static inline void
children_make_family(ChildrenFamily *family)
{
    int report[2];

    g_assert_cmpint(pipe(report), ==, 0);
    family->parent = fork();
    g_assert_cmpint(family->parent, >=, 0);
    if (family->parent == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        children_run_parent(report[1]);
    }
    close(report[1]);
    g_assert_cmpint(read(report[0], &family->child, sizeof family->child), ==,
                    sizeof family->child);
    close(report[0]);
}

/* Ends the child; the parent is the test's to end. */
static inline void
children_end_family(ChildrenFamily *family)
{
    g_assert_cmpint(kill(family->child, SIGKILL), ==, 0);
}
