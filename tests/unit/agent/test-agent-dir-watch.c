/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * daemon/agent/dir-watch.c: which events count, and that no way in which a directory comes, goes or
 * is replaced makes it blind.
 */
#include "daemon/agent/dir-watch.h"

#include "tests/lib/policy-root.h"

#include <unistd.h>

typedef struct {
    char *root;
    MeishiDirWatch *watch;
    guint n_changes;
} Fixture;

static void
on_changed(gpointer user_data)
{
    ((Fixture *)user_data)->n_changes++;
}

static void
set_up(Fixture *f, gconstpointer unused)
{
    f->root = policy_root_new();
}

static void
tear_down(Fixture *f, gconstpointer unused)
{
    meishi_dir_watch_free(f->watch);
    policy_root_free(f->root);
}

static void
watch(Fixture *f, const char *one, const char *two)
{
    g_autofree char *first = g_build_filename(f->root, one, NULL);
    g_autofree char *second = two ? g_build_filename(f->root, two, NULL) : NULL;
    const char *dirs[] = {first, second, NULL};

    f->watch = meishi_dir_watch_new(dirs, ".conf", on_changed, f);
    g_assert_null(meishi_dir_watch_problem(f->watch));
}

/* Lets come what has happened; the kernel queues events before the call that caused them returns.
 */
static gboolean
has_changed(Fixture *f)
{
    guint before = f->n_changes;

    while (g_main_context_iteration(NULL, FALSE))
        ;
    return f->n_changes > before;
}

static char *
path_of(Fixture *f, const char *name)
{
    return g_build_filename(f->root, name, NULL);
}

static void
move(Fixture *f, const char *from, const char *to)
{
    g_autofree char *old = path_of(f, from), *new = path_of(f, to);

    g_assert_cmpint(g_rename(old, new), ==, 0);
}

static void
set_mode(Fixture *f, const char *name, guint mode)
{
    g_autofree char *path = path_of(f, name);

    g_assert_cmpint(g_chmod(path, (int)mode), ==, 0);
}

static void
test_files(Fixture *f, gconstpointer unused)
{
    g_autofree char *link = path_of(f, "a/b/link.conf");

    policy_root_mkdir(f->root, "a/b");
    watch(f, "a/b", NULL);
    g_assert_false(has_changed(f));
    policy_root_write(f->root, "a/b", "x.conf", "1");
    g_assert_true(has_changed(f));
    policy_root_write(f->root, "a/b", "x.conf", "2");
    g_assert_true(has_changed(f));
    set_mode(f, "a/b/x.conf", 0600);
    g_assert_true(has_changed(f));
    move(f, "a/b/x.conf", "a/b/x.conf~");
    g_assert_true(has_changed(f));
    move(f, "a/b/x.conf~", "a/b/y.conf");
    g_assert_true(has_changed(f));
    policy_root_remove(f->root, "a/b", "y.conf");
    g_assert_true(has_changed(f));
    g_assert_cmpint(symlink("/dev/null", link), ==, 0);
    g_assert_true(has_changed(f));
    set_mode(f, "a/b", 0700);
    g_assert_true(has_changed(f));
}

static void
test_other_files(Fixture *f, gconstpointer unused)
{
    policy_root_mkdir(f->root, "a/b");
    watch(f, "a/b", NULL);
    policy_root_write(f->root, "a/b", ".x.conf.swp", "1");
    policy_root_write(f->root, "a/b", "x.conf~", "1");
    policy_root_write(f->root, "a", "x.conf", "1");
    policy_root_write(f->root, "", "x.conf", "1");
    g_assert_false(has_changed(f));
}

/* What appears on the way is followed down, and nothing else on the way counts. */
static void
test_appears(Fixture *f, gconstpointer unused)
{
    watch(f, "a/b/c", "a/z");
    policy_root_mkdir(f->root, "other");
    g_assert_false(has_changed(f));
    policy_root_mkdir(f->root, "a");
    (void)has_changed(f);
    policy_root_mkdir(f->root, "a/other");
    g_assert_false(has_changed(f));
    policy_root_mkdir(f->root, "a/b/c");
    g_assert_true(has_changed(f));
    policy_root_write(f->root, "a/b/c", "x.conf", "1");
    g_assert_true(has_changed(f));
    policy_root_mkdir(f->root, "a/z");
    g_assert_true(has_changed(f));
    policy_root_write(f->root, "a/z", "x.conf", "1");
    g_assert_true(has_changed(f));
    policy_root_write(f->root, "a/b/c", "x.conf", "2");
    g_assert_true(has_changed(f));
}

/* The directory with its file comes whole, from elsewhere. */
static void
test_moved_in(Fixture *f, gconstpointer unused)
{
    watch(f, "a/b", NULL);
    policy_root_write(f->root, "made/b", "x.conf", "1");
    g_assert_false(has_changed(f));
    move(f, "made", "a");
    g_assert_true(has_changed(f));
    policy_root_write(f->root, "a/b", "x.conf", "2");
    g_assert_true(has_changed(f));
}

static void
test_replaced(Fixture *f, gconstpointer data)
{
    const char *part = data; /* of a/b/c that is replaced */
    g_autofree char *old = g_strconcat(part, ".old", NULL);

    policy_root_write(f->root, "a/b/c", "x.conf", "1");
    watch(f, "a/b/c", NULL);
    move(f, part, old);
    g_assert_true(has_changed(f));
    policy_root_mkdir(f->root, "a/b/c");
    g_assert_true(has_changed(f));
    policy_root_write(f->root, "a/b/c", "y.conf", "1");
    g_assert_true(has_changed(f));
}

static void
test_removed(Fixture *f, gconstpointer unused)
{
    policy_root_mkdir(f->root, "a/b");
    watch(f, "a/b", NULL);
    policy_root_remove(f->root, "a", "b");
    g_assert_true(has_changed(f));
    policy_root_remove(f->root, "", "a");
    (void)has_changed(f);
    policy_root_mkdir(f->root, "a/b");
    g_assert_true(has_changed(f));
    policy_root_write(f->root, "a/b", "x.conf", "1");
    g_assert_true(has_changed(f));
}

/* A file stands where the directory should be, and makes room. */
static void
test_file_in_the_way(Fixture *f, gconstpointer unused)
{
    policy_root_write(f->root, "a", "b", "");
    watch(f, "a/b", NULL);
    policy_root_remove(f->root, "a", "b");
    policy_root_mkdir(f->root, "a/b");
    g_assert_true(has_changed(f));
    policy_root_write(f->root, "a/b", "x.conf", "1");
    g_assert_true(has_changed(f));
}

#define ADD(path, data, func) g_test_add(path, Fixture, data, set_up, func, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/agent/dir-watch/files", NULL, test_files);
    ADD("/agent/dir-watch/other-files", NULL, test_other_files);
    ADD("/agent/dir-watch/appears", NULL, test_appears);
    ADD("/agent/dir-watch/moved-in", NULL, test_moved_in);
    ADD("/agent/dir-watch/replaced", "a/b/c", test_replaced);
    ADD("/agent/dir-watch/replaced/parent", "a/b", test_replaced);
    ADD("/agent/dir-watch/replaced/above", "a", test_replaced);
    ADD("/agent/dir-watch/removed", NULL, test_removed);
    ADD("/agent/dir-watch/file-in-the-way", NULL, test_file_in_the_way);
    return g_test_run();
}
