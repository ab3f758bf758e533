/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * cli/out-file.c: private, whole or not at all, never over another by accident.
 */
#include "cli/out-file.h"

#include <glib/gstdio.h>
#include <string.h>

typedef struct {
    char *dir;
    char *path;
} World;

static void
set_up(World *world, gconstpointer unused)
{
    world->dir = g_dir_make_tmp("meishi-out-XXXXXX", NULL);
    world->path = g_build_filename(world->dir, "out", NULL);
}

static guint
count_files(const World *world)
{
    g_autoptr(GDir) dir = g_dir_open(world->dir, 0, NULL);
    guint n = 0;

    while (g_dir_read_name(dir) != NULL)
        n++;
    return n;
}

static void
tear_down(World *world, gconstpointer unused)
{
    g_unlink(world->path);
    g_assert_cmpint(g_rmdir(world->dir), ==, 0); /* nothing is left behind */
    g_free(world->path);
    g_free(world->dir);
}

static void
assert_content(const World *world, const char *expected)
{
    g_autofree char *content = NULL;

    g_assert_true(g_file_get_contents(world->path, &content, NULL, NULL));
    g_assert_cmpstr(content, ==, expected);
}

static void
write_file(const World *world, gboolean force, const char *content)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiOutFile) file = meishi_out_file_new(world->path, force, &error);

    g_assert_no_error(error);
    g_assert_true(meishi_out_file_write(file, content, strlen(content), &error));
    g_assert_true(meishi_out_file_commit(file, &error));
    g_assert_no_error(error);
}

static void
test_writes(World *world, gconstpointer unused)
{
    GStatBuf st;

    write_file(world, FALSE, "one");
    assert_content(world, "one");
    g_assert_cmpint(g_stat(world->path, &st), ==, 0);
    g_assert_cmphex(st.st_mode & 07777, ==, 0600);
    g_assert_cmpuint(count_files(world), ==, 1);
}

static void
test_refuses(World *world, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;

    write_file(world, FALSE, "one");
    g_assert_null(meishi_out_file_new(world->path, FALSE, &error));
    g_assert_nonnull(strstr(error->message, "--force"));
    write_file(world, TRUE, "two");
    assert_content(world, "two");
}

/* Somebody makes the file while we write ours. */
static void
test_refuses_late(World *world, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    MeishiOutFile *file = meishi_out_file_new(world->path, FALSE, &error);

    g_assert_true(g_file_set_contents(world->path, "theirs", -1, NULL));
    g_assert_false(meishi_out_file_commit(file, &error));
    g_assert_nonnull(error);
    meishi_out_file_free(file);
    assert_content(world, "theirs");
    g_assert_cmpuint(count_files(world), ==, 1);
}

static void
test_dropped(World *world, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    MeishiOutFile *file = meishi_out_file_new(world->path, FALSE, &error);

    g_assert_true(meishi_out_file_write(file, "half", 4, &error));
    meishi_out_file_free(file);
    g_assert_cmpuint(count_files(world), ==, 0);
}

static void
test_directory(World *world, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(meishi_out_file_new(world->dir, TRUE, &error));
    g_assert_nonnull(error);
}

#define TEST(path, function) g_test_add(path, World, NULL, set_up, function, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST("/cli/out-file/writes", test_writes);
    TEST("/cli/out-file/refuses", test_refuses);
    TEST("/cli/out-file/refuses-late", test_refuses_late);
    TEST("/cli/out-file/dropped", test_dropped);
    TEST("/cli/out-file/directory", test_directory);
    return g_test_run();
}
