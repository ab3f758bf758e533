/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Secrets: what they hold, who can still see it afterwards, and where reading one stops.
 */
#include "daemon/base/secret.h"

#include "daemon/base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char hush[] = "correct horse battery staple";

static void
assert_zero(const guint8 *bytes, gsize len)
{
    for (gsize i = 0; i < len; i++)
        g_assert_cmpuint(bytes[i], ==, 0);
}

static void
test_new(void)
{
    static const gsize lengths[] = {0, 1, 15, 4095, 4096, 4097, 70000};

    for (gsize i = 0; i < G_N_ELEMENTS(lengths); i++) {
        g_autoptr(MeishiSecret) secret = meishi_secret_new(lengths[i]);

        g_assert_nonnull(meishi_secret_data(secret));
        g_assert_cmpuint(meishi_secret_len(secret), ==, lengths[i]);
        assert_zero(meishi_secret_data(secret), lengths[i]);
        memset(meishi_secret_writable(secret), 0xa5, lengths[i]);
    }
    meishi_secret_unref(NULL);
}

static void
test_copy(void)
{
    g_autoptr(MeishiSecret) secret = meishi_secret_new_copy(hush, sizeof hush);
    g_autoptr(MeishiSecret) empty = meishi_secret_new_copy(NULL, 0);

    g_assert_cmpmem(meishi_secret_data(secret), meishi_secret_len(secret), hush, sizeof hush);
    g_assert_true(meishi_secret_data(secret) != (const guint8 *)hush);
    g_assert_cmpuint(meishi_secret_len(empty), ==, 0);
}

/* Puts the page that holds @secret into a pipe without copying it: whatever happens to the page
 * later is what the pipe will deliver. */
static void
keep_page(const MeishiSecret *secret, int pipe_in)
{
    struct iovec piece = {(void *)meishi_secret_data(secret), meishi_secret_len(secret)};

    g_assert_cmpint(vmsplice(pipe_in, &piece, 1, 0), ==, (gssize)meishi_secret_len(secret));
}

static void
test_wiped_on_last_unref(void)
{
    MeishiSecret *secret = meishi_secret_new_copy(hush, sizeof hush);
    const guint8 *data = meishi_secret_data(secret);
    guint8 left[sizeof hush] = {0xff};
    int fds[2];

    g_assert_cmpint(pipe(fds), ==, 0);
    keep_page(secret, fds[1]);
    meishi_secret_ref(secret);
    meishi_secret_unref(secret);
    g_assert_cmpmem(meishi_secret_data(secret), meishi_secret_len(secret), hush, sizeof hush);
    meishi_secret_unref(secret);
    g_assert_cmpint(read(fds[0], left, sizeof left), ==, sizeof left);
    assert_zero(left, sizeof left);

    /* Not mapped any more: the kernel cannot read there for us. */
    g_assert_cmpint(write(fds[1], data, 1), ==, -1);
    g_assert_cmpint(errno, ==, EFAULT);
    close(fds[0]);
    close(fds[1]);
}

static void
test_truncate(void)
{
    g_autoptr(MeishiSecret) secret = meishi_secret_new_copy(hush, sizeof hush);
    const guint8 *data = meishi_secret_data(secret);

    meishi_secret_truncate(secret, 7);
    g_assert_cmpmem(meishi_secret_data(secret), meishi_secret_len(secret), "correct", 7);
    assert_zero(data + 7, sizeof hush - 7);
    meishi_secret_truncate(secret, 0);
    g_assert_cmpuint(meishi_secret_len(secret), ==, 0);
    assert_zero(data, sizeof hush);
}

/* The flags of the mapping at @address, from /proc/self/smaps. */
static char *
read_vm_flags(const void *address)
{
    g_autofree char *smaps = NULL;
    g_auto(GStrv) lines = NULL;
    gboolean inside = FALSE;

    g_assert_true(g_file_get_contents("/proc/self/smaps", &smaps, NULL, NULL));
    lines = g_strsplit(smaps, "\n", -1);
    for (char **line = lines; *line != NULL; line++) {
        guintptr from, to;

        if (sscanf(*line, "%" SCNxPTR "-%" SCNxPTR " ", &from, &to) == 2)
            inside = (guintptr)address >= from && (guintptr)address < to;
        else if (inside && g_str_has_prefix(*line, "VmFlags:"))
            return g_strdup(*line);
    }
    g_assert_not_reached();
}

static void
test_left_out_of_core_files(void)
{
    g_autoptr(MeishiSecret) secret = meishi_secret_new_copy(hush, sizeof hush);
    g_autofree char *flags = read_vm_flags(meishi_secret_data(secret));

    g_assert_nonnull(strstr(flags, " dd")); /* do not dump */
    g_assert_nonnull(strstr(flags, " wf")); /* wipe on fork */
#ifndef __SANITIZE_ADDRESS__                /* AddressSanitizer makes mlock() do nothing */
    g_assert_nonnull(strstr(flags, " lo")); /* locked: one page fits into any limit */
#endif
}

static void
test_not_inherited_by_fork(void)
{
    g_autoptr(MeishiSecret) secret = meishi_secret_new_copy(hush, sizeof hush);
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        int n = 0;

        for (gsize i = 0; i < sizeof hush; i++)
            n += meishi_secret_data(secret)[i] != 0;
        meishi_secret_unref(secret);
        _exit(n);
    }
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_true(WIFEXITED(status));
    g_assert_cmpint(WEXITSTATUS(status), ==, 0);
    g_assert_cmpmem(meishi_secret_data(secret), meishi_secret_len(secret), hush, sizeof hush);
}

static void
test_guard_pages(void)
{
    if (g_test_subprocess()) {
        g_autoptr(MeishiSecret) secret = meishi_secret_new(20);
        volatile guint8 *end = meishi_secret_writable(secret) + 20;

        *end = 1;
        return;
    }
    g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
    g_test_trap_assert_failed();
}

static gpointer
ref_and_unref(gpointer data)
{
    for (int i = 0; i < 20000; i++) {
        meishi_secret_ref(data);
        g_assert_cmpint(meishi_secret_data(data)[0], ==, 'c');
        meishi_secret_unref(data);
    }
    meishi_secret_unref(data);
    return NULL;
}

static void
test_threads(void)
{
    MeishiSecret *secret = meishi_secret_new_copy(hush, sizeof hush);
    const guint8 *data = meishi_secret_data(secret);
    GThread *threads[8];
    int fds[2];

    for (gsize i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new("ref", ref_and_unref, meishi_secret_ref(secret));
    meishi_secret_unref(secret);
    for (gsize i = 0; i < G_N_ELEMENTS(threads); i++)
        g_thread_join(threads[i]);
    g_assert_cmpint(pipe(fds), ==, 0);
    g_assert_cmpint(write(fds[1], data, 1), ==, -1); /* the last one out unmapped it */
    close(fds[0]);
    close(fds[1]);
}

/* ---- from a descriptor --------------------------------------------------------------------- */

/* A file of @len bytes i % 251, unlinked. */
static int
make_file(gsize len)
{
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("meishi-XXXXXX", &path, NULL);
    g_autofree guint8 *bytes = g_malloc(len + 1);

    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(unlink(path), ==, 0);
    for (gsize i = 0; i < len; i++)
        bytes[i] = i % 251;
    g_assert_cmpint(write(fd, bytes, len), ==, (gssize)len);
    g_assert_cmpint(lseek(fd, 0, SEEK_SET), ==, 0);
    return fd;
}

static void
test_from_fd(void)
{
    static const struct {
        gsize len, max;
        gboolean ok;
    } cases[] = {
        {0, 0, TRUE},       {1, 0, FALSE},      {0, 64, TRUE},      {64, 64, TRUE},
        {65, 64, FALSE},    {4095, 4096, TRUE}, {4096, 4096, TRUE}, {4097, 4096, FALSE},
        {4096, 9000, TRUE}, {4097, 9000, TRUE}, {9000, 9000, TRUE}, {9001, 9000, FALSE},
        {8193, 9000, TRUE}, {8194, 9000, TRUE}, {8195, 9000, TRUE}, {100000, 1 << 20, TRUE},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        int fd = make_file(cases[i].len);
        g_autoptr(MeishiSecret) secret = meishi_secret_new_from_fd(fd, cases[i].max, &error);

        if (cases[i].ok) {
            g_assert_no_error(error);
            g_assert_cmpuint(meishi_secret_len(secret), ==, cases[i].len);
            for (gsize n = 0; n < cases[i].len; n++)
                g_assert_cmpuint(meishi_secret_data(secret)[n], ==, n % 251);
        } else {
            g_assert_null(secret);
            g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT);
        }
        g_assert_cmpint(fcntl(fd, F_GETFD), >=, 0); /* left open */
        close(fd);
    }
}

static gpointer
write_slowly(gpointer data)
{
    int fd = GPOINTER_TO_INT(data);

    for (gsize i = 0; i < sizeof hush; i++) {
        g_assert_cmpint(write(fd, hush + i, 1), ==, 1);
        g_usleep(500);
    }
    close(fd);
    return NULL;
}

static void
test_from_slow_pipe(gconstpointer flags)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiSecret) secret = NULL;
    GThread *writer;
    int fds[2];

    g_assert_cmpint(pipe2(fds, GPOINTER_TO_INT(flags)), ==, 0);
    writer = g_thread_new("writer", write_slowly, GINT_TO_POINTER(fds[1]));
    secret = meishi_secret_new_from_fd(fds[0], 4096, &error);
    g_assert_no_error(error);
    g_assert_cmpmem(meishi_secret_data(secret), meishi_secret_len(secret), hush, sizeof hush);
    g_thread_join(writer);
    close(fds[0]);
}

static void
test_from_bad_fd(void)
{
    g_autoptr(GError) not_open = NULL;
    g_autoptr(GError) directory = NULL;
    int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    g_assert_null(meishi_secret_new_from_fd(-1, 64, &not_open));
    g_assert_error(not_open, MEISHI_ERROR, MEISHI_ERROR_IO);
    g_assert_null(meishi_secret_new_from_fd(fd, 64, &directory));
    g_assert_error(directory, MEISHI_ERROR, MEISHI_ERROR_IO);
    close(fd);
}

static void
test_equal(void)
{
    g_autoptr(MeishiSecret) a = meishi_secret_new_copy("abc", 3);
    g_autoptr(MeishiSecret) same = meishi_secret_new_copy("abc", 3);
    g_autoptr(MeishiSecret) last = meishi_secret_new_copy("abd", 3);
    g_autoptr(MeishiSecret) first = meishi_secret_new_copy("xbc", 3);
    g_autoptr(MeishiSecret) shorter = meishi_secret_new_copy("ab", 2);
    g_autoptr(MeishiSecret) empty = meishi_secret_new(0);
    g_autoptr(MeishiSecret) none = meishi_secret_new(0);

    g_assert_true(meishi_secret_equal(a, same));
    g_assert_false(meishi_secret_equal(a, last));
    g_assert_false(meishi_secret_equal(a, first));
    g_assert_false(meishi_secret_equal(a, shorter));
    g_assert_false(meishi_secret_equal(a, empty));
    g_assert_true(meishi_secret_equal(empty, none));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/base/secret/new", test_new);
    g_test_add_func("/base/secret/copy", test_copy);
    g_test_add_func("/base/secret/wiped-on-last-unref", test_wiped_on_last_unref);
    g_test_add_func("/base/secret/truncate", test_truncate);
    g_test_add_func("/base/secret/left-out-of-core-files", test_left_out_of_core_files);
    g_test_add_func("/base/secret/not-inherited-by-fork", test_not_inherited_by_fork);
    g_test_add_func("/base/secret/guard-pages", test_guard_pages);
    g_test_add_func("/base/secret/threads", test_threads);
    g_test_add_func("/base/secret/from-fd", test_from_fd);
    g_test_add_data_func("/base/secret/from-slow-pipe", GINT_TO_POINTER(O_CLOEXEC),
                         test_from_slow_pipe);
    g_test_add_data_func("/base/secret/from-nonblocking-pipe",
                         GINT_TO_POINTER(O_CLOEXEC | O_NONBLOCK), test_from_slow_pipe);
    g_test_add_func("/base/secret/from-bad-fd", test_from_bad_fd);
    g_test_add_func("/base/secret/equal", test_equal);
    return g_test_run();
}
