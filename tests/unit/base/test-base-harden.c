/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the kernel says about a hardened process, and what another process of the same user may
 * still do to it (root may do anything, so that is looked at as nobody).
 */
#include "daemon/base/harden.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534

/* Runs @body in a child and demands that it return 0. */
static void
run_in_child(int (*body)(void))
{
    pid_t pid = fork();
    int status;

    g_assert_cmpint(pid, >=, 0);
    if (pid == 0)
        _exit(body());
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_true(WIFEXITED(status));
    g_assert_cmpint(WEXITSTATUS(status), ==, 0);
}

static int
look_at_settings(void)
{
    struct rlimit core;

    if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0)
        return 1;
    meishi_harden_process();
    if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
        return 2;
    if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
        return 3;
    if (getrlimit(RLIMIT_CORE, &core) != 0 || core.rlim_cur != 0 || core.rlim_max != 0)
        return 4;
    return umask(0) == 077 ? 0 : 5;
}

static void
test_settings(void)
{
    run_in_child(look_at_settings);
}

/* What a program that is executed afterwards would inherit stays as it is. */
static int
look_at_self(void)
{
    struct rlimit before, core;
    int privs = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);

    (void)umask(027);
    if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0 || getrlimit(RLIMIT_CORE, &before) != 0)
        return 1;
    meishi_harden_self();
    if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
        return 2;
    if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != privs)
        return 3;
    if (getrlimit(RLIMIT_CORE, &core) != 0 || core.rlim_cur != before.rlim_cur)
        return 4;
    return umask(0) == 027 ? 0 : 5;
}

static void
test_self(void)
{
    run_in_child(look_at_self);
}

/* What others have to know of a process first can still be known. */
static int
look_at_limits(void)
{
    struct rlimit core;

    if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0)
        return 1;
    meishi_harden_limits();
    if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 1)
        return 2;
    if (getrlimit(RLIMIT_CORE, &core) != 0 || core.rlim_cur != 0 || core.rlim_max != 0)
        return 3;
    return umask(0) == 077 && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : 4;
}

static void
test_limits(void)
{
    run_in_child(look_at_limits);
}

static int volatile canary = 42;

/* Exit status: 0 if the parent's memory can be read, else errno. */
static int
read_parent(void)
{
    int seen = 0;
    struct iovec here = {&seen, sizeof seen};
    struct iovec there = {(void *)&canary, sizeof canary};
    gssize n = process_vm_readv(getppid(), &here, 1, &there, 1, 0);

    return n < 0 ? errno : seen != canary;
}

static int
ask_reader(void)
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        /* Undumpable is inherited, and it would be the reader's own flag that is tested. */
        (void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
        _exit(read_parent());
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status)
                                                                           : 255;
}

static int
be_read(void)
{
    if (getuid() == 0 && (setgid(NOBODY) != 0 || setuid(NOBODY) != 0))
        return 1;
    /* Changing the user made the process undumpable; the child must be able to read first. */
    if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0 || ask_reader() != 0)
        return 2;
    meishi_harden_process();
    return ask_reader() == EPERM ? 0 : 3;
}

static void
test_memory_is_closed(void)
{
    run_in_child(be_read);
}

/* What opens next must not get the number of standard output, or what is printed goes there. */
static int
be_closed(void)
{
    int opened;

    close(STDIN_FILENO);
    close(STDOUT_FILENO);
    meishi_harden_process();
    opened = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (opened <= STDERR_FILENO)
        return 2;
    return write(STDOUT_FILENO, "x", 1) < 0 && read(STDIN_FILENO, &opened, 1) < 0 ? 0 : 3;
}

static void
test_closed_descriptors(void)
{
    run_in_child(be_closed);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/base/harden/settings", test_settings);
    g_test_add_func("/base/harden/self", test_self);
    g_test_add_func("/base/harden/limits", test_limits);
    g_test_add_func("/base/harden/memory-is-closed", test_memory_is_closed);
    g_test_add_func("/base/harden/closed-descriptors", test_closed_descriptors);
    return g_test_run();
}
