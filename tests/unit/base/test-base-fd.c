/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * daemon/base/fd.c on pipes and memory files.
 */
#include "daemon/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#define LEN (1024 * 1024) /* more than a pipe holds */

static gpointer
read_slowly(gpointer data)
{
    int fd = GPOINTER_TO_INT(data);
    GByteArray *got = g_byte_array_new();
    guint8 part[1000];
    gssize n;

    while ((n = read(fd, part, sizeof part)) > 0)
        g_byte_array_append(got, part, (guint)n);
    return got;
}

static void
test_more_than_fits(void)
{
    g_autofree guint8 *bytes = g_malloc(LEN);
    g_autoptr(GByteArray) got = NULL;
    int fds[2];
    GThread *reader;

    for (gsize i = 0; i < LEN; i++)
        bytes[i] = (guint8)(i * 7 + i / 251);
    g_assert_cmpint(pipe2(fds, O_CLOEXEC), ==, 0);
    reader = g_thread_new("reader", read_slowly, GINT_TO_POINTER(fds[0]));
    g_assert_true(meishi_fd_write_all(fds[1], bytes, LEN));
    close(fds[1]);
    got = g_thread_join(reader);
    close(fds[0]);
    g_assert_cmpmem(got->data, got->len, bytes, LEN);
}

static void
test_nobody_reads(void)
{
    int fds[2];

    signal(SIGPIPE, SIG_IGN);
    g_assert_cmpint(pipe2(fds, O_CLOEXEC), ==, 0);
    close(fds[0]);
    g_assert_false(meishi_fd_write_all(fds[1], "x", 1));
    g_assert_cmpint(errno, ==, EPIPE);
    g_assert_true(meishi_fd_write_all(fds[1], NULL, 0));
    close(fds[1]);
}

static void
test_seal(void)
{
    int fd = memfd_create("meishi-test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    g_assert_cmpint(fd, >=, 0);
    g_assert_true(meishi_fd_write_all(fd, "abc", 3));
    g_assert_true(meishi_fd_seal(fd));
    g_assert_false(meishi_fd_write_all(fd, "d", 1));
    g_assert_cmpint(errno, ==, EPERM);
    g_assert_cmpint(ftruncate(fd, 1), ==, -1);
    g_assert_cmpint(ftruncate(fd, 9), ==, -1);
    g_assert_false(meishi_fd_seal(fd));
    close(fd);
}

static void
test_unsealable(void)
{
    int fd = memfd_create("meishi-test", MFD_CLOEXEC);

    g_assert_cmpint(fd, >=, 0);
    g_assert_false(meishi_fd_seal(fd));
    g_assert_cmpint(errno, ==, EPERM);
    close(fd);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/base/fd/more-than-fits", test_more_than_fits);
    g_test_add_func("/base/fd/nobody-reads", test_nobody_reads);
    g_test_add_func("/base/fd/seal", test_seal);
    g_test_add_func("/base/fd/unsealable", test_unsealable);
    return g_test_run();
}
