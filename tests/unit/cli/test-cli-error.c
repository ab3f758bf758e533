/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * cli/error.c: the exit status of every error of the daemon, as meishi(1) says.
 */
#include "cli/error.h"

#include "daemon/base/error.h"

#include <gio/gio.h>

static int
expected_status(int code)
{
    switch (code) {
    case MEISHI_ERROR_NOT_FOUND:
        return 3;
    case MEISHI_ERROR_LOCKED:
    case MEISHI_ERROR_WRONG_SECRET:
    case MEISHI_ERROR_PASSWORD_REQUIRED:
    case MEISHI_ERROR_WRONG_PASSWORD:
    case MEISHI_ERROR_DENIED:
        return 4;
    default:
        return 1;
    }
}

static int
status_of(GQuark domain, int code)
{
    g_autoptr(GError) error = g_error_new(domain, code, "x");

    return meishi_error_exit_status(error);
}

static void
test_status(void)
{
    for (int code = 0; code < MEISHI_ERROR_N; code++)
        g_assert_cmpint(status_of(MEISHI_ERROR, code), ==, expected_status(code));
    g_assert_cmpint(status_of(MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_USAGE), ==, 2);
    g_assert_cmpint(status_of(MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_NAME), ==, 3);
    g_assert_cmpint(status_of(MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_SECRET), ==, 4);
    g_assert_cmpint(status_of(MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_DECLINED), ==, 1);
    g_assert_cmpint(status_of(MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_NONE), ==, 10);
    g_assert_cmpint(status_of(MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_PERSON), ==, 11);
    g_assert_cmpint(status_of(MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_POLICY), ==, 12);
    g_assert_cmpint(status_of(MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_NOT_EXECUTABLE), ==, 126);
    g_assert_cmpint(status_of(MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_NO_PROGRAM), ==, 127);
    g_assert_cmpint(status_of(G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE), ==, 2);
    g_assert_cmpint(status_of(G_IO_ERROR, G_IO_ERROR_FAILED), ==, 1);
}

static void
test_sentence(void)
{
    const struct {
        const char *message, *sentence;
    } rows[] = {{"It failed", "It failed."},
                {"It failed.", "It failed."},
                {"Why?", "Why?"},
                {"Two fit:\n  a\n  b", "Two fit:\n  a\n  b"},
                {"", ""}};

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *sentence = meishi_error_sentence(rows[i].message);

        g_assert_cmpstr(sentence, ==, rows[i].sentence);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli/error/status", test_status);
    g_test_add_func("/cli/error/sentence", test_sentence);
    return g_test_run();
}
