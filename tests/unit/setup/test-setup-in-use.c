/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * cli/setup/in-use.c: a browser that runs is seen, one that crashed is not.
 */
#include "cli/setup/in-use.h"

#include "tests/unit/setup/sample-home.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Our own process in place of a browser, in a /proc that is made up. */
static void
add_process(const Home *home, const char *pid, const char *open_file)
{
    g_autofree char *comm = g_build_filename("proc", pid, "comm", NULL);
    g_autofree char *fds = g_build_filename("proc", pid, "fd", NULL);
    g_autofree char *fd = g_build_filename(home->dir, "proc", pid, "fd", "7", NULL);

    home_write(home, comm, "browser\n");
    home_make_dir(home, fds);
    if (open_file != NULL)
        g_assert_cmpint(symlink(open_file, fd), ==, 0);
}

static void
assert_nss(const Home *home, const char *expected)
{
    g_autofree char *dir = home_path(home, "home/db");
    g_autofree char *holder = meishi_in_use_nss(home->around.proc, dir);

    g_assert_cmpstr(holder, ==, expected);
}

static void
test_open_database(Home *home, gconstpointer unused)
{
    g_autofree char *key = home_path(home, "home/db/key4.db");

    assert_nss(home, NULL);
    home_write(home, "home/db/cert9.db", "");
    home_write(home, "home/db/key4.db", "");
    home_write(home, "home/db/other", "");
    add_process(home, "11", NULL);
    add_process(home, "12", "/dev/null");
    assert_nss(home, NULL);
    add_process(home, "13", key);
    assert_nss(home, "browser (process 13)");
}

/* Holds a lock as Firefox does, from another process. */
static pid_t
lock_in_child(const char *path)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int ready[2];
    char byte;
    pid_t pid;

    g_assert_cmpint(pipe(ready), ==, 0);
    pid = fork();
    if (pid == 0) {
        int fd = open(path, O_RDWR | O_CREAT, 0600);

        byte = fcntl(fd, F_SETLK, &lock) == 0 ? 'y' : 'n';
        if (write(ready[1], &byte, 1) == 1)
            pause();
        _exit(1);
    }
    g_assert_cmpint(read(ready[0], &byte, 1), ==, 1);
    g_assert_cmpint(byte, ==, 'y');
    close(ready[0]);
    close(ready[1]);
    return pid;
}

static void
test_parent_lock(Home *home, gconstpointer unused)
{
    g_autofree char *path = home_path(home, "home/db/.parentlock");
    g_autofree char *link = home_path(home, "home/db/lock");
    g_autofree char *expected = NULL, *number = NULL;
    pid_t pid;

    home_make_dir(home, "home/db");
    pid = lock_in_child(path);
    number = g_strdup_printf("%d", (int)pid);
    add_process(home, number, NULL);
    expected = g_strdup_printf("browser (process %d)", (int)pid);
    assert_nss(home, expected);
    kill(pid, SIGKILL);
    g_assert_cmpint(waitpid(pid, NULL, 0), ==, pid);
    assert_nss(home, NULL);
    /* What a crash leaves; the number may be another process by now. */
    g_assert_cmpint(symlink("127.0.0.1:+11", link), ==, 0);
    add_process(home, "11", NULL);
    assert_nss(home, NULL);
}

/* Where the file system has no locks, the link is all there is. */
static void
test_link(Home *home, gconstpointer unused)
{
    g_autofree char *link = home_path(home, "home/db/lock");

    home_make_dir(home, "home/db");
    g_assert_cmpint(symlink("127.0.0.1:11", link), ==, 0);
    assert_nss(home, NULL);
    add_process(home, "11", NULL);
    assert_nss(home, "browser (process 11)");
}

static void
test_singleton(Home *home, gconstpointer unused)
{
    const struct {
        const char *host, *pid, *expected;
    } rows[] = {
        {g_get_host_name(), "11", "browser (process 11)"},
        {g_get_host_name(), "12", NULL},
        {"elsewhere", "12", "a browser on elsewhere"},
        {"with-dashes", "x", NULL},
    };
    g_autofree char *dir = home_path(home, "home/chromium");
    g_autofree char *link = home_path(home, "home/chromium/SingletonLock");

    home_make_dir(home, "home/chromium");
    add_process(home, "11", NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *target = g_strdup_printf("%s-%s", rows[i].host, rows[i].pid);
        g_autofree char *holder = NULL;

        g_assert_cmpint(symlink(target, link), ==, 0);
        holder = meishi_in_use_chromium(home->around.proc, dir);
        g_assert_cmpstr(holder, ==, rows[i].expected);
        g_assert_cmpint(g_unlink(link), ==, 0);
    }
}

static void
add(const char *path, void (*test)(Home *, gconstpointer))
{
    g_test_add(path, Home, NULL, home_set_up, test, home_tear_down);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add("/in-use/database", test_open_database);
    add("/in-use/parent-lock", test_parent_lock);
    add("/in-use/link", test_link);
    add("/in-use/singleton", test_singleton);
    return g_test_run();
}
