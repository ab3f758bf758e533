/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * daemon/asking/secret-fd.c: what the other side receives.
 */
#include "daemon/asking/secret-fd.h"

#include <fcntl.h>
#include <unistd.h>

/* What arrives is sealed: nobody can change it any more, and it does not survive exec. */
static void
test_append(void)
{
    g_autoptr(GUnixFDList) fds = g_unix_fd_list_new();
    g_autoptr(MeishiSecret) secret = meishi_secret_new_copy("word", 4);
    g_autoptr(GError) error = NULL;
    gint handle = meishi_secret_fd_append(secret, fds, &error);
    int fd = g_unix_fd_list_get(fds, handle, &error);
    char buffer[8];

    g_assert_no_error(error);
    g_assert_cmpint(pread(fd, buffer, sizeof buffer, 0), ==, 4);
    g_assert_cmpmem(buffer, 4, "word", 4);
    g_assert_cmpint(pwrite(fd, "x", 1, 0), ==, -1);
    g_assert_cmpint(ftruncate(fd, 0), ==, -1);
    g_assert_cmpint(fcntl(fd, F_GETFD) & FD_CLOEXEC, ==, FD_CLOEXEC);
    close(fd);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/asking/secret-fd/append", test_append);
    return g_test_run();
}
