/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A copy of this program, which waits while its file is moved over or removed, and then looks.
 */
#include "daemon/base/program.h"

#include <glib/gstdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOOK "--look" /* the copy's work: wait for the end of standard input */

static char *
copy_self(void)
{
    g_autofree char *dir = g_dir_make_tmp("meishi-program-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "copy", NULL);
    g_autofree char *bytes = NULL;
    gsize len;

    g_assert_true(g_file_get_contents("/proc/self/exe", &bytes, &len, NULL));
    g_assert_true(
        g_file_set_contents_full(path, bytes, (gssize)len, G_FILE_SET_CONTENTS_NONE, 0700, NULL));
    return g_steal_pointer(&path);
}

/* Starts the copy, does @change to its file, and returns its verdict. */
static gboolean
ask_copy(void (*change)(const char *path))
{
    g_autofree char *path = copy_self();
    g_autofree char *dir = g_path_get_dirname(path);
    char *argv[] = {path, (char *)LOOK, NULL};
    int in, status;
    GPid pid;

    g_assert_true(g_spawn_async_with_pipes(NULL, argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL,
                                           &pid, &in, NULL, NULL, NULL));
    change(path);
    close(in);
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_true(WIFEXITED(status));
    g_unlink(path);
    g_rmdir(dir);
    return WEXITSTATUS(status) == 1;
}

static void
leave(const char *path)
{
}

static void
rename_it(const char *path)
{
    g_autofree char *other = g_strconcat(path, ".old", NULL);

    g_assert_cmpint(g_rename(path, other), ==, 0);
    g_assert_cmpint(g_rename(other, path), ==, 0);
}

static void
move_over(const char *path)
{
    g_autofree char *fresh = g_strconcat(path, ".new", NULL);

    g_assert_true(g_file_set_contents(fresh, "another", -1, NULL));
    g_assert_cmpint(g_rename(fresh, path), ==, 0);
}

static void
take_away(const char *path)
{
    g_assert_cmpint(g_unlink(path), ==, 0);
}

static void
test_verdicts(void)
{
    g_assert_false(meishi_program_is_replaced());
    g_assert_false(ask_copy(leave));
    g_assert_false(ask_copy(rename_it));
    g_assert_true(ask_copy(move_over));
    g_assert_true(ask_copy(take_away));
}

int
main(int argc, char **argv)
{
    char byte;

    if (argc == 2 && g_str_equal(argv[1], LOOK)) {
        while (read(STDIN_FILENO, &byte, 1) > 0)
            ;
        return meishi_program_is_replaced() ? 1 : 0;
    }
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/program/verdicts", test_verdicts);
    return g_test_run();
}
