/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "module/wire/memfile.h"

#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void
test_round_trip(void)
{
    struct meishi_bytes bytes;
    int fd = meishi_memfile_new("test", "content", 7);

    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(fcntl(fd, F_GETFD) & FD_CLOEXEC, ==, FD_CLOEXEC);
    g_assert_true(meishi_memfile_map(fd, 7, &bytes));
    close(fd);
    g_assert_cmpmem(bytes.data, bytes.len, "content", 7);
    meishi_memfile_unmap(&bytes);
    g_assert_null(bytes.data);
    meishi_memfile_unmap(&bytes);
}

static void
test_is_sealed(void)
{
    int fd = meishi_memfile_new("test", "content", 7);

    g_assert_cmpint(pwrite(fd, "x", 1, 0), <, 0);
    g_assert_cmpint(ftruncate(fd, 3), <, 0);
    g_assert_cmpint(ftruncate(fd, 30), <, 0);
    close(fd);
}

static void
test_refuses_unsealed(void)
{
    static const int seals[] = {0, F_SEAL_WRITE, F_SEAL_WRITE | F_SEAL_GROW,
                                F_SEAL_SHRINK | F_SEAL_GROW};
    struct meishi_bytes bytes;

    for (gsize i = 0; i < G_N_ELEMENTS(seals); i++) {
        int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

        g_assert_cmpint(write(fd, "content", 7), ==, 7);
        g_assert_cmpint(fcntl(fd, F_ADD_SEALS, seals[i]), ==, 0);
        g_assert_false(meishi_memfile_map(fd, 100, &bytes));
        close(fd);
    }
}

static void
test_refuses_size(void)
{
    struct meishi_bytes bytes;
    int empty = meishi_memfile_new("test", NULL, 0);
    int seven = meishi_memfile_new("test", "content", 7);

    g_assert_false(meishi_memfile_map(empty, 100, &bytes));
    g_assert_false(meishi_memfile_map(seven, 6, &bytes));
    close(empty);
    close(seven);
}

static void
test_refuses_other_files(void)
{
    struct meishi_bytes bytes;
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

    g_assert_false(meishi_memfile_map(null, 100, &bytes));
    g_assert_false(meishi_memfile_map(-1, 100, &bytes));
    close(null);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/wire/memfile/round-trip", test_round_trip);
    g_test_add_func("/wire/memfile/is-sealed", test_is_sealed);
    g_test_add_func("/wire/memfile/refuses-unsealed", test_refuses_unsealed);
    g_test_add_func("/wire/memfile/refuses-size", test_refuses_size);
    g_test_add_func("/wire/memfile/refuses-other-files", test_refuses_other_files);
    return g_test_run();
}
