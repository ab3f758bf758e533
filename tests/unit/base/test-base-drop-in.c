/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * daemon/base/drop-in.c on directories made for the purpose.  What only root can make (a file of
 * somebody else) is tested where the tests run as root; what root walks around is not.
 */
#include "daemon/base/drop-in.h"

#include <dirent.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
    char *dir;
} Fixture;

static void
set_up(Fixture *f, gconstpointer unused)
{
    f->dir = g_dir_make_tmp("meishi-test-XXXXXX", NULL);
    g_assert_nonnull(f->dir);
}

static void
tear_down(Fixture *f, gconstpointer unused)
{
    GDir *dir;
    const char *name;

    g_assert_cmpint(g_chmod(f->dir, 0700), ==, 0);
    dir = g_dir_open(f->dir, 0, NULL);
    while ((name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(f->dir, name, NULL);

        g_assert_cmpint(g_remove(path), ==, 0);
    }
    g_dir_close(dir);
    g_assert_cmpint(g_rmdir(f->dir), ==, 0);
    g_free(f->dir);
}

static char *
path_of(Fixture *f, const char *name)
{
    return g_build_filename(f->dir, name, NULL);
}

static void
write_file(Fixture *f, const char *name, const char *text)
{
    g_autofree char *path = path_of(f, name);

    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    g_assert_cmpint(g_chmod(path, 0644), ==, 0);
}

static void
make_link(Fixture *f, const char *name, const char *target)
{
    g_autofree char *path = path_of(f, name);

    g_assert_cmpint(symlink(target, path), ==, 0);
}

static const MeishiDropIn *
nth(GPtrArray *list, guint n)
{
    g_assert_cmpuint(n, <, list->len);
    return g_ptr_array_index(list, n);
}

/* The one file of the directory, with a problem that says @what. */
static void
assert_problem(Fixture *f, const char *what)
{
    g_autoptr(GPtrArray) list = meishi_drop_in_list(f->dir, ".conf");

    g_assert_cmpuint(list->len, ==, 1);
    g_assert_null(nth(list, 0)->text);
    g_assert_nonnull(strstr(nth(list, 0)->problem, what));
}

static void
test_names(Fixture *f, gconstpointer unused)
{
    static const char *const names[] = {"20-b.conf",   "10-a.conf", ".10-a.conf", "10-a.conf~",
                                        "10-a.conf.d", "README",    "5.conf"};
    g_autoptr(GPtrArray) list = NULL;
    g_autofree char *path = path_of(f, "10-a.conf");

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        write_file(f, names[i], names[i]);
    list = meishi_drop_in_list(f->dir, ".conf");
    g_assert_cmpuint(list->len, ==, 3);
    g_assert_cmpstr(nth(list, 0)->name, ==, "10-a.conf");
    g_assert_cmpstr(nth(list, 0)->path, ==, path);
    g_assert_cmpmem(g_bytes_get_data(nth(list, 0)->text, NULL),
                    g_bytes_get_size(nth(list, 0)->text), "10-a.conf", 9);
    g_assert_cmpuint(nth(list, 0)->owner, ==, getuid());
    g_assert_cmpuint(nth(list, 0)->mode, ==, 0644);
    g_assert_cmpstr(nth(list, 1)->name, ==, "20-b.conf");
    g_assert_cmpstr(nth(list, 2)->name, ==, "5.conf");
}

static void
test_absent(Fixture *f, gconstpointer unused)
{
    g_autofree char *path = path_of(f, "nothing");
    g_autoptr(GPtrArray) list = meishi_drop_in_list(path, ".conf");

    g_assert_cmpuint(list->len, ==, 0);
}

static void
test_file_for_directory(Fixture *f, gconstpointer unused)
{
    g_autofree char *path = path_of(f, "file");
    g_autoptr(GPtrArray) list = NULL;

    write_file(f, "file", "");
    list = meishi_drop_in_list(path, ".conf");
    g_assert_cmpuint(list->len, ==, 1);
    g_assert_cmpstr(nth(list, 0)->path, ==, path);
    g_assert_nonnull(nth(list, 0)->problem);
}

static void
test_mask(Fixture *f, gconstpointer unused)
{
    g_autoptr(GPtrArray) list = NULL;

    make_link(f, "10-a.conf", "/dev/null");
    make_link(f, "20-b.conf", "../../../../../../../../dev/null");
    list = meishi_drop_in_list(f->dir, ".conf");
    g_assert_cmpuint(list->len, ==, 2);
    for (guint i = 0; i < list->len; i++) {
        g_assert_null(nth(list, i)->problem);
        g_assert_cmpuint(g_bytes_get_size(nth(list, i)->text), ==, 0);
        g_assert_cmpuint(nth(list, i)->mode, ==, 0644);
        g_assert_cmpuint(nth(list, i)->owner, ==, getuid());
    }
}

static void
test_link(Fixture *f, gconstpointer target)
{
    write_file(f, "target", "text");
    make_link(f, "10-a.conf", target);
    assert_problem(f, "symbolic link");
}

/* Neither blocks nor reads. */
static void
test_fifo(Fixture *f, gconstpointer unused)
{
    g_autofree char *path = path_of(f, "10-a.conf");

    g_assert_cmpint(mkfifo(path, 0644), ==, 0);
    assert_problem(f, "regular file");
}

static void
test_directory(Fixture *f, gconstpointer unused)
{
    g_autofree char *path = path_of(f, "10-a.conf");

    g_assert_cmpint(g_mkdir(path, 0755), ==, 0);
    assert_problem(f, "regular file");
}

static void
make_sized(Fixture *f, goffset size)
{
    g_autofree char *path = path_of(f, "10-a.conf");

    write_file(f, "10-a.conf", "");
    g_assert_cmpint(truncate(path, size), ==, 0);
}

static void
test_largest(Fixture *f, gconstpointer unused)
{
    g_autoptr(GPtrArray) list = NULL;

    make_sized(f, MEISHI_DROP_IN_MAX_BYTES);
    list = meishi_drop_in_list(f->dir, ".conf");
    g_assert_cmpuint(g_bytes_get_size(nth(list, 0)->text), ==, MEISHI_DROP_IN_MAX_BYTES);
}

static void
test_too_large(Fixture *f, gconstpointer unused)
{
    make_sized(f, MEISHI_DROP_IN_MAX_BYTES + 1);
    assert_problem(f, "larger than");
}

static void
test_too_many(Fixture *f, gconstpointer unused)
{
    for (guint i = 0; i <= MEISHI_DROP_IN_MAX_FILES; i++) {
        g_autofree char *name = g_strdup_printf("%u.conf", i);
        g_autofree char *path = path_of(f, name);
        int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

        g_assert_cmpint(fd, >=, 0);
        close(fd);
    }
    assert_problem(f, "more than");
}

static void
test_odd_name(Fixture *f, gconstpointer name)
{
    g_autoptr(GPtrArray) list = NULL;

    write_file(f, name, "text");
    assert_problem(f, "plain UTF-8");
    list = meishi_drop_in_list(f->dir, ".conf");
    g_assert_true(g_utf8_validate(nth(list, 0)->path, -1, NULL));
}

/* Who may write to the directory may have written the file. */
static void
test_open_directory(Fixture *f, gconstpointer unused)
{
    g_autoptr(GPtrArray) group = NULL, world = NULL;

    write_file(f, "10-a.conf", "");
    make_link(f, "20-b.conf", "/dev/null");
    g_assert_cmpint(g_chmod(f->dir, 0770), ==, 0);
    group = meishi_drop_in_list(f->dir, ".conf");
    g_assert_cmpuint(nth(group, 0)->mode, ==, 0664);
    g_assert_cmpuint(nth(group, 1)->mode, ==, 0664);
    g_assert_cmpint(g_chmod(f->dir, 01777), ==, 0);
    world = meishi_drop_in_list(f->dir, ".conf");
    g_assert_cmpuint(nth(world, 0)->mode, ==, 0666);
}

static void
give_away(const char *path, uid_t uid)
{
    g_assert_cmpint(lchown(path, uid, (gid_t)-1), ==, 0);
}

/* Of the file and its directory the owner who is less to be trusted counts. */
static void
test_owners(Fixture *f, gconstpointer unused)
{
    static const struct {
        uid_t dir, file, counts;
    } rows[] = {{0, 65533, 65533}, {65533, 0, 65533}, {65532, 65533, 65533}, {0, 0, 0}};
    g_autofree char *path = path_of(f, "10-a.conf");

    write_file(f, "10-a.conf", "");
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GPtrArray) list = NULL;

        give_away(f->dir, rows[i].dir);
        give_away(path, rows[i].file);
        list = meishi_drop_in_list(f->dir, ".conf");
        g_assert_cmpuint(nth(list, 0)->owner, ==, rows[i].counts);
    }
}

static void
test_unreadable(Fixture *f, gconstpointer unused)
{
    g_autofree char *path = path_of(f, "10-a.conf");
    g_autoptr(GPtrArray) list = NULL;

    write_file(f, "10-a.conf", "");
    g_assert_cmpint(g_chmod(path, 0), ==, 0);
    assert_problem(f, "cannot be read");
    g_assert_cmpint(g_chmod(f->dir, 0), ==, 0);
    list = meishi_drop_in_list(f->dir, ".conf");
    g_assert_cmpstr(nth(list, 0)->path, ==, f->dir);
    g_assert_nonnull(strstr(nth(list, 0)->problem, "cannot be read"));
}

static guint
count_fds(void)
{
    DIR *dir = opendir("/proc/self/fd");
    guint n = 0;

    while (readdir(dir) != NULL)
        n++;
    closedir(dir);
    return n;
}

static void
test_no_leak(Fixture *f, gconstpointer unused)
{
    g_autofree char *fifo = path_of(f, "20-fifo.conf");
    g_autofree char *sub = path_of(f, "10-a.conf");
    guint before;

    write_file(f, "10-a.conf", "text");
    make_link(f, "15-link.conf", "10-a.conf");
    g_assert_cmpint(mkfifo(fifo, 0644), ==, 0);
    before = count_fds();
    for (guint i = 0; i < 50; i++) {
        g_ptr_array_unref(meishi_drop_in_list(f->dir, ".conf"));
        g_ptr_array_unref(meishi_drop_in_list(sub, ".conf"));
    }
    g_assert_cmpuint(count_fds(), ==, before);
}

#define ADD(path, data, func) g_test_add(path, Fixture, data, set_up, func, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/base/drop-in/names", NULL, test_names);
    ADD("/base/drop-in/absent", NULL, test_absent);
    ADD("/base/drop-in/file-for-directory", NULL, test_file_for_directory);
    ADD("/base/drop-in/mask", NULL, test_mask);
    ADD("/base/drop-in/link", "target", test_link);
    ADD("/base/drop-in/link/dangling", "nowhere", test_link);
    ADD("/base/drop-in/link/device", "/dev/zero", test_link);
    ADD("/base/drop-in/link/loop", "10-a.conf", test_link);
    ADD("/base/drop-in/fifo", NULL, test_fifo);
    ADD("/base/drop-in/directory", NULL, test_directory);
    ADD("/base/drop-in/largest", NULL, test_largest);
    ADD("/base/drop-in/too-large", NULL, test_too_large);
    ADD("/base/drop-in/too-many", NULL, test_too_many);
    ADD("/base/drop-in/odd-name/bytes", "\xff.conf", test_odd_name);
    ADD("/base/drop-in/odd-name/newline", "a\nb.conf", test_odd_name);
    ADD("/base/drop-in/open-directory", NULL, test_open_directory);
    if (getuid() == 0)
        ADD("/base/drop-in/owners", NULL, test_owners);
    else
        ADD("/base/drop-in/unreadable", NULL, test_unreadable);
    ADD("/base/drop-in/no-leak", NULL, test_no_leak);
    return g_test_run();
}
