/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * cli/secret-option.c: what counts as the password in a file, and how it is handed on.
 */
#include "cli/secret-option.h"

#include "cli/error.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int
memory_with(const char *text)
{
    int fd = memfd_create("test", MFD_CLOEXEC);

    g_assert_cmpint(write(fd, text, strlen(text)), ==, (gssize)strlen(text));
    g_assert_cmpint(lseek(fd, 0, SEEK_SET), ==, 0);
    return fd;
}

static void
test_newlines(void)
{
    const struct {
        const char *file, *secret; /* NULL: refused */
    } rows[] = {
        {"secret", "secret"}, {"secret\n", "secret"}, {"secret\r\n", "secret"}, {"", ""},
        {"\n", ""},           {" s p \n", " s p "},   {"secret\r", "secret\r"}, {"a\nb\n", NULL},
        {"a\n\n", NULL},      {"\n\n", NULL},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        MeishiSecretOption option = {NULL, memory_with(rows[i].file)};
        g_autoptr(GError) error = NULL;
        g_autoptr(MeishiSecret) secret = meishi_secret_option_read(&option, &error);

        if (rows[i].secret == NULL) {
            g_assert_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_USAGE);
        } else {
            g_assert_no_error(error);
            g_assert_cmpmem(meishi_secret_data(secret), meishi_secret_len(secret), rows[i].secret,
                            strlen(rows[i].secret));
        }
        close(option.fd);
    }
}

static void
test_not_both(void)
{
    MeishiSecretOption option = {(char *)"/dev/null", 0};
    g_autoptr(GError) error = NULL;

    g_assert_null(meishi_secret_option_read(&option, &error));
    g_assert_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_USAGE);
}

static void
test_missing(void)
{
    MeishiSecretOption file = {(char *)"/nonexistent", -1};
    MeishiSecretOption fd = {NULL, 999};
    g_autoptr(GError) file_error = NULL;
    g_autoptr(GError) fd_error = NULL;

    g_assert_null(meishi_secret_option_read(&file, &file_error));
    g_assert_nonnull(strstr(file_error->message, "/nonexistent"));
    g_assert_null(meishi_secret_option_read(&fd, &fd_error));
    g_assert_nonnull(fd_error);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli/secret-option/newlines", test_newlines);
    g_test_add_func("/cli/secret-option/not-both", test_not_both);
    g_test_add_func("/cli/secret-option/missing", test_missing);
    return g_test_run();
}
