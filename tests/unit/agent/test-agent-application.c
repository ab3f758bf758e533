/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which program a process is: real children, which execute, end, lose their file, lose their
 * parent, or are in a sandbox.
 */
#include "daemon/agent/application.h"

#include "daemon/base/error.h"
#include "tests/lib/children.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static MeishiApplication *
describe(pid_t pid)
{
    g_autoptr(GError) error = NULL;
    int pidfd = children_pidfd(pid);
    MeishiApplication *application = meishi_application_new(pid, pidfd, &error);

    close(pidfd);
    g_assert_no_error(error);
    g_assert_cmpint(application->pid, ==, pid);
    return application;
}

static gboolean
has_name(const MeishiApplication *application, const char *prefix, const char *rest)
{
    g_autofree char *name = g_strconcat(prefix, rest, NULL);

    return g_strv_contains((const char *const *)application->names, name);
}

/* ---- programs -------------------------------------------------------------------------------- */

static void
test_self(void)
{
    g_autofree char *exe = g_file_read_link("/proc/self/exe", NULL);
    g_autoptr(MeishiApplication) application = describe(getpid());

    g_assert_cmpstr(application->exe, ==, exe);
    g_assert_true(g_str_has_prefix(application->name, "exe:/"));
    g_assert_true(has_name(application, "exe:", exe));
    g_assert_cmpint(application->trust, >=, MEISHI_TRUST_EXE);
    g_assert_false(application->is_sandboxed);
    g_assert_true(meishi_application_is_alive(application));
    g_assert_cmpint(application->pidfd, >=, 0);
    g_assert_cmpint(fcntl(application->pidfd, F_GETFD) & FD_CLOEXEC, !=, 0);
}

/* The same names, but they are nobody's word. */
static void
test_not_pinned(void)
{
    g_autoptr(MeishiApplication) pinned = describe(getpid());
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiApplication) application = meishi_application_new(getpid(), -1, &error);

    g_assert_no_error(error);
    g_assert_cmpint(application->trust, ==, MEISHI_TRUST_ANY);
    g_assert_cmpstr(application->name, ==, pinned->name);
    g_assert_cmpuint(g_strv_length(application->names), ==, g_strv_length(pinned->names));
    g_assert_true(meishi_application_is_alive(application));
    g_assert_true(meishi_application_equal(application, pinned));
}

static void
test_unknown(void)
{
    g_autoptr(MeishiApplication) unknown = meishi_application_new_unknown();
    g_autoptr(MeishiApplication) other = meishi_application_new_unknown();
    g_autoptr(MeishiRequest) request = meishi_request_new();

    g_assert_cmpint(unknown->trust, ==, MEISHI_TRUST_ANY);
    g_assert_null(unknown->name);
    g_assert_cmpuint(g_strv_length(unknown->names), ==, 0);
    g_assert_false(meishi_application_is_alive(unknown));
    g_assert_false(meishi_application_equal(unknown, other));
    g_assert_false(meishi_application_descends(unknown, other));
    meishi_application_describe(unknown, request);
    g_assert_null(request->application);
    g_assert_cmpuint(g_strv_length(request->application_names), ==, 0);
}

static void
test_describe(void)
{
    g_autoptr(MeishiApplication) application = describe(getpid());
    g_autoptr(MeishiRequest) request = meishi_request_new();

    for (int i = 0; i < 2; i++) { /* the second time over the first */
        meishi_application_describe(application, request);
        g_assert_cmpstr(request->application, ==, application->name);
        g_assert_cmpuint(g_strv_length(request->application_names), ==,
                         g_strv_length(application->names));
        g_assert_cmpint(request->trust, ==, application->trust);
    }
}

static void
test_gone(void)
{
    pid_t pid = children_sleep();
    int pidfd = children_pidfd(pid);
    g_autoptr(MeishiApplication) before = describe(pid);

    children_end(pid, FALSE); /* its parent has not asked yet: a zombie */
    for (int i = 0; i < 2; i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GError) unpinned = NULL;

        g_assert_false(meishi_application_is_alive(before));
        g_assert_null(meishi_application_new(pid, pidfd, &error));
        g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND);
        g_assert_null(meishi_application_new(pid, -1, &unpinned));
        g_assert_error(unpinned, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND);
        if (i == 0)
            children_reap(pid);
    }
    close(pidfd);
}

/* The number is a living process's, the descriptor another's: what a reused number looks like. */
static void
test_reused_number(void)
{
    pid_t dead = children_sleep();
    int pidfd = children_pidfd(dead);
    g_autoptr(GError) error = NULL;

    children_end(dead, TRUE);
    g_assert_null(meishi_application_new(getpid(), pidfd, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND);
    close(pidfd);
}

/* As /proc hides a process under hidepid=2: alive by its descriptor, and nothing else is known. */
static void
test_invisible(void)
{
    int pidfd = children_pidfd(getpid());
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiApplication) application = meishi_application_new(G_MAXINT32, pidfd, &error);

    g_assert_no_error(error);
    g_assert_cmpint(application->trust, ==, MEISHI_TRUST_ANY);
    g_assert_cmpuint(g_strv_length(application->names), ==, 0);
    g_assert_null(application->name);
    close(pidfd);
}

static void
test_nonsense(void)
{
    static const pid_t pids[] = {0, -1, G_MININT32, G_MAXINT32};

    for (gsize i = 0; i < G_N_ELEMENTS(pids); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(meishi_application_new(pids[i], -1, &error));
        g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND);
    }
}

static void
test_executes_another(void)
{
    ChildrenGate gate;
    pid_t pid = children_fork_gated(&gate);
    g_autoptr(MeishiApplication) before = NULL;
    g_autoptr(MeishiApplication) after = NULL;

    if (pid == 0) {
        children_wait_gate(&gate);
        children_exec_sleep();
    }
    before = describe(pid);
    children_open_gate(&gate);
    children_await_exe(pid, CHILDREN_SLEEP);
    after = describe(pid);
    g_assert_true(meishi_application_is_alive(before));
    g_assert_false(meishi_application_equal(before, after));
    g_assert_cmpuint(before->start_time, ==, after->start_time);
    children_end(pid, TRUE);
}

/* ---- files ----------------------------------------------------------------------------------- */

static char *
copy_of_sleep(const char *dir)
{
    g_autofree char *content = NULL;
    char *path = g_build_filename(dir, "program", NULL);
    gsize len;

    g_assert_true(g_file_get_contents(CHILDREN_SLEEP, &content, &len, NULL));
    g_assert_true(
        g_file_set_contents_full(path, content, (gssize)len, G_FILE_SET_CONTENTS_NONE, 0755, NULL));
    return path;
}

/* An upgrade under its feet: it stays the same program to the person, but not to the rules. */
static void
test_upgraded(void)
{
    g_autofree char *dir = g_dir_make_tmp("meishi-application-XXXXXX", NULL);
    g_autofree char *path = copy_of_sleep(dir);
    g_autofree char *name = g_strconcat("exe:", path, NULL);
    pid_t pid = children_spawn(path, "60");
    g_autoptr(MeishiApplication) before = describe(pid);

    g_assert_cmpstr(before->name, ==, name);
    g_assert_true(has_name(before, "exe:", path));
    for (int i = 0; i < 2; i++) {
        g_autoptr(MeishiApplication) after = NULL;

        if (i == 0)
            g_assert_cmpint(g_unlink(path), ==, 0); /* removed */
        else
            g_free(copy_of_sleep(dir)); /* replaced */
        after = describe(pid);
        g_assert_cmpstr(after->exe, ==, path);
        g_assert_cmpstr(after->name, ==, name);
        g_assert_false(has_name(after, "exe:", path));
        g_assert_cmpint(after->trust, !=, MEISHI_TRUST_EXE);
        g_assert_true(meishi_application_equal(before, after));
    }
    children_end(pid, TRUE);
    g_unlink(path);
    g_rmdir(dir);
}

/* A file may be called so. */
static void
test_name_that_says_deleted(void)
{
    g_autofree char *dir = g_dir_make_tmp("meishi-application-XXXXXX", NULL);
    g_autofree char *plain = copy_of_sleep(dir);
    g_autofree char *path = g_strconcat(plain, " (deleted)", NULL);
    g_autoptr(MeishiApplication) application = NULL;
    pid_t pid;

    g_assert_cmpint(g_rename(plain, path), ==, 0);
    pid = children_spawn(path, "60");
    application = describe(pid);
    g_assert_cmpstr(application->exe, ==, path);
    g_assert_true(has_name(application, "exe:", path));
    children_end(pid, TRUE);
    g_unlink(path);
    g_rmdir(dir);
}

/* So may one that is no text. */
static void
test_name_of_bytes(void)
{
    g_autofree char *dir = g_dir_make_tmp("meishi-application-XXXXXX", NULL);
    g_autofree char *plain = copy_of_sleep(dir);
    g_autofree char *path = g_strconcat(plain, "\xff", NULL);
    g_autofree char *name = g_strconcat("exe:", plain, "\357\277\275", NULL);
    g_autoptr(MeishiApplication) application = NULL;
    pid_t pid;

    g_assert_cmpint(g_rename(plain, path), ==, 0);
    pid = children_spawn(path, "60");
    application = describe(pid);
    g_assert_cmpstr(application->exe, ==, path);
    g_assert_cmpstr(application->name, ==, name);
    g_assert_cmpint(application->trust, !=, MEISHI_TRUST_EXE);
    for (char **one = application->names; *one != NULL; one++)
        g_assert_true(g_utf8_validate(*one, -1, NULL));
    children_end(pid, TRUE);
    g_unlink(path);
    g_rmdir(dir);
}

/* A process may close itself to others of its user; ssh-agent and `meishi` do.  It is served, but
 * what it executes is not known unless we are root. */
static void
test_closed_process(void)
{
    ChildrenGate gate;
    pid_t pid = children_fork_gated(&gate);
    g_autoptr(MeishiApplication) application = NULL;
    g_autoptr(GError) error = NULL;
    int pidfd;

    if (pid == 0) {
        prctl(PR_SET_DUMPABLE, 0);
        children_say_ready(&gate);
        pause();
    }
    children_await_ready(&gate);
    pidfd = children_pidfd(pid);
    application = meishi_application_new(pid, pidfd, &error);
    close(pidfd);
    g_assert_no_error(error);
    g_assert_false(application->is_sandboxed);
    g_assert_cmpint(application->exe != NULL, ==, getuid() == 0);
    children_end(pid, TRUE);
}

/* Goes on without its first thread, whose root directory and program are all that /proc shows. */
static gpointer
run_headless(gpointer gate)
{
    children_say_ready(gate);
    pause();
    return NULL;
}

static void
await_state(pid_t pid, char state)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/stat", (int)pid);

    for (int i = 0; i < 5000; i++) {
        g_autofree char *text = NULL;

        g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
        if (strrchr(text, ')')[2] == state)
            return;
        g_usleep(1000);
    }
    g_error("process %d is never in state %c", (int)pid, state);
}

/* A sandbox would be out of sight that way. */
static void
test_headless_process(void)
{
    ChildrenGate gate;
    pid_t pid = children_fork_gated(&gate);
    g_autoptr(GError) error = NULL;
    int pidfd;

    if (pid == 0) {
        g_thread_unref(g_thread_new("headless", run_headless, &gate));
        syscall(SYS_exit, 0); /* of this thread alone */
    }
    children_await_ready(&gate);
    await_state(pid, 'Z');
    pidfd = children_pidfd(pid);
    g_assert_null(meishi_application_new(pid, pidfd, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_DENIED);
    close(pidfd);
    children_end(pid, TRUE);
}

/* ---- families -------------------------------------------------------------------------------- */

static void
test_descends(void)
{
    g_autoptr(MeishiApplication) self = describe(getpid());
    ChildrenFamily family;
    g_autoptr(MeishiApplication) parent = NULL;
    g_autoptr(MeishiApplication) child = NULL;
    g_autoptr(MeishiApplication) stranger = NULL;
    pid_t pid = children_sleep();

    children_make_family(&family);
    parent = describe(family.parent);
    child = describe(family.child);
    stranger = describe(pid);
    g_assert_true(meishi_application_descends(child, child));
    g_assert_true(meishi_application_descends(child, parent));
    g_assert_true(meishi_application_descends(child, self));
    g_assert_true(meishi_application_descends(parent, self));
    g_assert_false(meishi_application_descends(parent, child));
    g_assert_false(meishi_application_descends(self, parent));
    g_assert_false(meishi_application_descends(stranger, parent));
    g_assert_false(meishi_application_descends(child, stranger));

    /* An orphan is nobody's any more. */
    children_end(family.parent, TRUE);
    g_assert_true(meishi_application_is_alive(child));
    g_assert_false(meishi_application_descends(child, parent));
    children_end_family(&family);
    children_end(pid, TRUE);
}

/* ---- sandboxes ------------------------------------------------------------------------------- */

typedef struct {
    char *dir;
    pid_t pid;
} Sandbox;

/* What Flatpak does to a process, as far as it can be seen from outside. */
static gboolean
enter(const char *dir)
{
    if (getuid() != 0 && unshare(CLONE_NEWUSER) < 0)
        return FALSE;
    return chroot(dir) == 0 && chdir("/") == 0;
}

static gboolean
can_enter(void)
{
    pid_t pid = fork();

    if (pid == 0)
        _exit(enter("/") ? 0 : 1);
    return children_reap(pid) == 0;
}

static void
sandbox_init(Sandbox *sandbox, const char *info)
{
    g_autofree char *path = NULL;
    ChildrenGate gate;

    sandbox->dir = g_dir_make_tmp("meishi-sandbox-XXXXXX", NULL);
    path = g_build_filename(sandbox->dir, ".flatpak-info", NULL);
    if (info != NULL)
        g_assert_true(g_file_set_contents(path, info, -1, NULL));
    sandbox->pid = children_fork_gated(&gate);
    if (sandbox->pid == 0) {
        if (!enter(sandbox->dir))
            _exit(1);
        children_say_ready(&gate);
        pause();
    }
    children_await_ready(&gate);
}

static void
sandbox_clear(Sandbox *sandbox)
{
    g_autofree char *path = g_build_filename(sandbox->dir, ".flatpak-info", NULL);

    children_end(sandbox->pid, TRUE);
    g_remove(path);
    g_rmdir(sandbox->dir);
    g_free(sandbox->dir);
}

static void
test_flatpak(void)
{
    g_autoptr(MeishiApplication) application = NULL;
    Sandbox sandbox;

    sandbox_init(&sandbox, "[Application]\nname=org.example.Browser\n");
    application = describe(sandbox.pid);
    g_assert_true(application->is_sandboxed);
    g_assert_cmpint(application->trust, ==, MEISHI_TRUST_SANDBOX);
    g_assert_cmpstr(application->name, ==, "flatpak:org.example.Browser");
    g_assert_true(has_name(application, "flatpak:", "org.example.Browser"));
    /* The paths of a sandbox are not ours. */
    g_assert_nonnull(application->exe);
    g_assert_false(has_name(application, "exe:", application->exe));
    sandbox_clear(&sandbox);
}

/* Another root directory alone is no sandbox. */
static void
test_chroot(void)
{
    g_autoptr(MeishiApplication) application = NULL;
    Sandbox sandbox;

    sandbox_init(&sandbox, NULL);
    application = describe(sandbox.pid);
    g_assert_false(application->is_sandboxed);
    sandbox_clear(&sandbox);
}

static void
assert_denied(pid_t pid)
{
    int pidfd = children_pidfd(pid);
    g_autoptr(GError) error = NULL;

    g_assert_null(meishi_application_new(pid, pidfd, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_DENIED);
    close(pidfd);
}

static void
test_nameless_sandbox(void)
{
    g_autofree char *huge = g_strnfill(65537, '#');
    const char *infos[] = {"", "[Application]\n", "[Application]\nname=x\n", "\xff", huge};

    for (gsize i = 0; i < G_N_ELEMENTS(infos); i++) {
        Sandbox sandbox;

        sandbox_init(&sandbox, infos[i]);
        assert_denied(sandbox.pid);
        sandbox_clear(&sandbox);
    }
}

/* What is not a file is not waited for either. */
static void
test_strange_sandbox(void)
{
    Sandbox sandbox;
    g_autofree char *path = NULL;

    sandbox_init(&sandbox, NULL);
    path = g_build_filename(sandbox.dir, ".flatpak-info", NULL);
    g_assert_cmpint(mkfifo(path, 0600), ==, 0);
    assert_denied(sandbox.pid);
    g_assert_cmpint(g_unlink(path), ==, 0);
    g_assert_cmpint(symlink("/etc/hostname", path), ==, 0);
    assert_denied(sandbox.pid);
    g_assert_cmpint(g_unlink(path), ==, 0);
    g_assert_cmpint(g_mkdir(path, 0700), ==, 0);
    assert_denied(sandbox.pid);
    sandbox_clear(&sandbox);
}

/* ---- sockets --------------------------------------------------------------------------------- */

static void
test_socket(void)
{
    g_autoptr(MeishiApplication) application = NULL;
    g_autoptr(GError) error = NULL;
    int fds[2];

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), ==, 0);
    application = meishi_application_new_for_socket(fds[0], &error);
    g_assert_no_error(error);
    g_assert_cmpint(application->pid, ==, getpid());
    close(fds[0]);
    close(fds[1]);
}

/* It may have handed its connection to somebody else. */
static void
test_socket_of_nobody(void)
{
    g_autoptr(GError) error = NULL;
    int listener = socket(AF_UNIX, SOCK_SEQPACKET, 0), shared, accepted;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    socklen_t len = sizeof address;
    pid_t pid;

    /* A name of the kernel's choice, in no file system. */
    g_assert_cmpint(bind(listener, (struct sockaddr *)&address, sizeof(sa_family_t)), ==, 0);
    g_assert_cmpint(listen(listener, 1), ==, 0);
    g_assert_cmpint(getsockname(listener, (struct sockaddr *)&address, &len), ==, 0);
    shared = socket(AF_UNIX, SOCK_SEQPACKET, 0);
    pid = fork();
    if (pid == 0)
        _exit(connect(shared, (struct sockaddr *)&address, len) < 0);
    g_assert_cmpint(children_reap(pid), ==, 0);
    accepted = accept(listener, NULL, NULL);
    g_assert_cmpint(accepted, >=, 0);
    g_assert_null(meishi_application_new_for_socket(accepted, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND);
    close(accepted);
    close(shared);
    close(listener);
}

static void
test_not_a_socket(void)
{
    g_autoptr(GError) error = NULL;
    int fd = open("/dev/null", O_RDONLY);

    g_assert_null(meishi_application_new_for_socket(fd, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_DENIED);
    close(fd);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/agent/application/self", test_self);
    g_test_add_func("/agent/application/not-pinned", test_not_pinned);
    g_test_add_func("/agent/application/unknown", test_unknown);
    g_test_add_func("/agent/application/describe", test_describe);
    g_test_add_func("/agent/application/gone", test_gone);
    g_test_add_func("/agent/application/reused-number", test_reused_number);
    g_test_add_func("/agent/application/invisible", test_invisible);
    g_test_add_func("/agent/application/nonsense", test_nonsense);
    g_test_add_func("/agent/application/executes-another", test_executes_another);
    g_test_add_func("/agent/application/upgraded", test_upgraded);
    g_test_add_func("/agent/application/says-deleted", test_name_that_says_deleted);
    g_test_add_func("/agent/application/name-of-bytes", test_name_of_bytes);
    g_test_add_func("/agent/application/closed-process", test_closed_process);
    g_test_add_func("/agent/application/headless-process", test_headless_process);
    g_test_add_func("/agent/application/descends", test_descends);
    g_test_add_func("/agent/application/socket", test_socket);
    g_test_add_func("/agent/application/socket-of-nobody", test_socket_of_nobody);
    g_test_add_func("/agent/application/not-a-socket", test_not_a_socket);
    if (can_enter()) {
        g_test_add_func("/agent/application/flatpak", test_flatpak);
        g_test_add_func("/agent/application/chroot", test_chroot);
        g_test_add_func("/agent/application/nameless-sandbox", test_nameless_sandbox);
        g_test_add_func("/agent/application/strange-sandbox", test_strange_sandbox);
    }
    return g_test_run();
}
