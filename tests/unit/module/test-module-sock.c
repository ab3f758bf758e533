/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where the socket is (the same place as the daemon thinks), who may be behind it, deadlines.
 */
#include "module/sock.h"

#include "daemon/base/paths.h"

#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void
assert_same_place(void)
{
    g_autofree char *daemon_path = meishi_paths_pkcs11_socket();
    struct sockaddr_un address;

    g_assert_true(meishi_sock_path(&address));
    g_assert_cmpstr(address.sun_path, ==, daemon_path);
}

static void
test_path_follows_environment(void)
{
    g_setenv("XDG_RUNTIME_DIR", "/run/somewhere", TRUE);
    assert_same_place();
}

/* Not set, empty or relative: /run/user/UID or /tmp/meishi-UID, as this machine has them. */
static void
test_path_without_environment(void)
{
    static const char *const values[] = {"", "relative/path"};
    g_autofree char *run = g_strdup_printf("/run/user/%u", geteuid());
    g_autofree char *tmp = g_strdup_printf("/tmp/meishi-%u", geteuid());
    gboolean had_tmp = g_file_test(tmp, G_FILE_TEST_EXISTS);

    if (!g_file_test(run, G_FILE_TEST_IS_DIR) && !had_tmp)
        g_assert_cmpint(g_mkdir(tmp, 0700), ==, 0);
    for (gsize i = 0; i < G_N_ELEMENTS(values); i++) {
        g_setenv("XDG_RUNTIME_DIR", values[i], TRUE);
        assert_same_place();
    }
    g_unsetenv("XDG_RUNTIME_DIR");
    assert_same_place();
    if (!had_tmp)
        g_rmdir(tmp); /* stays where a daemon has begun to use it */
}

static void
test_long_path_is_refused(void)
{
    g_autofree char *name = g_strnfill(200, 'x');
    g_autofree char *dir = g_strconcat("/", name, NULL);
    struct sockaddr_un address;

    g_setenv("XDG_RUNTIME_DIR", dir, TRUE);
    g_assert_false(meishi_sock_path(&address));
    dir[107 - (int)strlen("/meishi/pkcs11")] = '\0'; /* as long as fits, with its NUL */
    g_setenv("XDG_RUNTIME_DIR", dir, TRUE);
    assert_same_place();
    dir[107 - (int)strlen("/meishi/pkcs11")] = 'x';
    dir[108 - (int)strlen("/meishi/pkcs11")] = '\0';
    g_setenv("XDG_RUNTIME_DIR", dir, TRUE);
    g_assert_false(meishi_sock_path(&address));
}

static void
test_connect_to_nobody(void)
{
    g_autofree char *dir = g_dir_make_tmp("meishi-XXXXXX", NULL);
    struct meishi_sock sock;

    g_setenv("XDG_RUNTIME_DIR", dir, TRUE);
    g_assert_cmpint(meishi_sock_connect(&sock), ==, -ENOENT);
    g_rmdir(dir);
}

typedef struct {
    struct meishi_sock near;
    int far;
} Pair;

static void
set_up(Pair *pair, gconstpointer unused)
{
    int fds[2];

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), ==,
                    0);
    g_assert_true(meishi_sock_adopt(fds[0], &pair->near));
    pair->far = fds[1];
}

static void
tear_down(Pair *pair, gconstpointer unused)
{
    meishi_sock_close(&pair->near);
    close(pair->far);
}

static void
test_receive_ends_at_deadline(Pair *pair, gconstpointer unused)
{
    gint64 before = g_get_monotonic_time();
    char byte;

    g_assert_cmpint(meishi_sock_recv(&pair->near, &byte, 1, TRUE, meishi_sock_now_ms() + 50, NULL),
                    ==, -ETIMEDOUT);
    g_assert_cmpint(g_get_monotonic_time() - before, >=, 49000);
    g_assert_cmpint(meishi_sock_recv(&pair->near, &byte, 1, FALSE, 0, NULL), ==, -ETIMEDOUT);
}

static void
test_send_ends_at_deadline(Pair *pair, gconstpointer unused)
{
    g_autofree char *data = g_malloc0(60000);
    int r;

    do
        r = meishi_sock_send(&pair->near, data, 60000, NULL, meishi_sock_now_ms() + 50);
    while (r == 0);
    g_assert_cmpint(r, ==, -ETIMEDOUT);
}

static gpointer
answer_late(gpointer data)
{
    g_usleep(30000);
    g_assert_cmpint(send(GPOINTER_TO_INT(data), "x", 1, 0), ==, 1);
    return NULL;
}

static void
test_late_answer(Pair *pair, gconstpointer unused)
{
    GThread *thread = g_thread_new("answer", answer_late, GINT_TO_POINTER(pair->far));
    char byte = 0;

    g_assert_cmpint(
        meishi_sock_recv(&pair->near, &byte, 1, TRUE, meishi_sock_now_ms() + 10000, NULL), ==, 1);
    g_assert_cmpint(byte, ==, 'x');
    g_thread_join(thread);
}

static void
test_is_dead(Pair *pair, gconstpointer unused)
{
    g_assert_false(meishi_sock_is_dead(&pair->near));
    shutdown(pair->far, SHUT_RDWR);
    g_assert_true(meishi_sock_is_dead(&pair->near));
}

/* The host closed our descriptor and opened something else under its number. */
static void
test_number_taken_by_host(Pair *pair, gconstpointer unused)
{
    int number = pair->near.fd;

    g_assert_true(meishi_sock_is_ours(&pair->near));
    g_assert_cmpint(dup2(pair->far, number), ==, number);
    g_assert_false(meishi_sock_is_ours(&pair->near));
    meishi_sock_close(&pair->near);
    g_assert_cmpint(write(number, "x", 1), !=, 0); /* still open: it is the host's */
    close(number);
}

#define ADD(name, func) g_test_add("/module/sock/" name, Pair, NULL, set_up, func, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/module/sock/path-follows-environment", test_path_follows_environment);
    g_test_add_func("/module/sock/path-without-environment", test_path_without_environment);
    g_test_add_func("/module/sock/long-path-is-refused", test_long_path_is_refused);
    g_test_add_func("/module/sock/connect-to-nobody", test_connect_to_nobody);
    ADD("receive-ends-at-deadline", test_receive_ends_at_deadline);
    ADD("send-ends-at-deadline", test_send_ends_at_deadline);
    ADD("late-answer", test_late_answer);
    ADD("is-dead", test_is_dead);
    ADD("number-taken-by-host", test_number_taken_by_host);
    return g_test_run();
}
