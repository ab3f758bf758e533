/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * cli/tty.c: what arrives at a terminal whose character set is not ours.
 */
#include "cli/tty.h"

#include <glib-unix.h>
#include <locale.h>
#include <string.h>
#include <unistd.h>

static void
assert_written(const char *text, const char *expected)
{
    char bytes[64] = "";
    int fds[2];

    g_assert_true(g_unix_open_pipe(fds, FD_CLOEXEC, NULL));
    g_assert_true(meishi_tty_write(fds[1], text));
    close(fds[1]);
    g_assert_cmpint(read(fds[0], bytes, sizeof bytes - 1), ==, strlen(expected));
    close(fds[0]);
    g_assert_cmpstr(bytes, ==, expected);
}

/* No byte of the letters is left: C3 9B is a capital U, and 9B alone is a control character. */
static void
test_ascii(void)
{
    assert_written("Use [1]: ", "Use [1]: ");
    assert_written("\303\233 \342\200\234x\342\200\235", "? ?x?");
}

static void
test_closed(void)
{
    int fds[2];

    g_assert_true(g_unix_open_pipe(fds, FD_CLOEXEC, NULL));
    close(fds[0]);
    close(fds[1]);
    g_assert_false(meishi_tty_write(fds[1], "x"));
}

int
main(int argc, char **argv)
{
    g_unsetenv("CHARSET");
    setlocale(LC_ALL, "C");
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli/tty/ascii", test_ascii);
    g_test_add_func("/cli/tty/closed", test_closed);
    return g_test_run();
}
