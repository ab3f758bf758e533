/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A home in a temporary directory, and surroundings that know nothing else of the machine.
 */
#pragma once

#include "cli/setup/surroundings.h"

#include <glib/gstdio.h>
#include <sys/stat.h>

typedef struct {
    char *dir;
    MeishiSurroundings around;
} Home;

G_GNUC_UNUSED static char *
home_path(const Home *home, const char *relative)
{
    return g_build_filename(home->dir, relative, NULL);
}

G_GNUC_UNUSED static void
home_make_dir(const Home *home, const char *relative)
{
    g_autofree char *path = home_path(home, relative);

    g_assert_cmpint(g_mkdir_with_parents(path, 0700), ==, 0);
}

G_GNUC_UNUSED static void
home_write(const Home *home, const char *relative, const char *text)
{
    g_autofree char *path = home_path(home, relative);
    g_autofree char *dir = g_path_get_dirname(path);

    g_assert_cmpint(g_mkdir_with_parents(dir, 0700), ==, 0);
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

/* For a search path of "/bin" below the root "root". */
G_GNUC_UNUSED static void
home_write_program(const Home *home, const char *name)
{
    g_autofree char *relative = g_build_filename("root", "bin", name, NULL);
    g_autofree char *path = home_path(home, relative);

    home_write(home, relative, "");
    g_assert_cmpint(g_chmod(path, 0755), ==, 0);
}

/* NULL where there is no such file. */
G_GNUC_UNUSED static char *
home_read(const Home *home, const char *relative)
{
    g_autofree char *path = home_path(home, relative);
    char *text = NULL;

    (void)g_file_get_contents(path, &text, NULL, NULL);
    return text;
}

G_GNUC_UNUSED static gboolean
home_has(const Home *home, const char *relative)
{
    g_autofree char *path = home_path(home, relative);

    return g_file_test(path, G_FILE_TEST_EXISTS | G_FILE_TEST_IS_SYMLINK);
}

G_GNUC_UNUSED static void
home_set_up(Home *home, gconstpointer unused)
{
    g_autofree char *made = g_dir_make_tmp("meishi-setup-XXXXXX", NULL);

    home->dir = g_canonicalize_filename(made, NULL);
    home->around = (MeishiSurroundings){
        .home = home_path(home, "home"),
        .config = home_path(home, "home/.config"),
        .data = home_path(home, "home/.local/share"),
        .state = home_path(home, "home/.local/share/meishi/setup"),
        .root = g_strdup(""),
        .search = g_strdup("/bin"),
        .proc = home_path(home, "proc"),
        .module = home_path(home, "lib/meishi-pkcs11.so"),
    };
    home_write(home, "lib/meishi-pkcs11.so", "a module");
    home_make_dir(home, "home");
    home_make_dir(home, "proc");
}

static void
home_remove(const char *path)
{
    g_autoptr(GDir) stream = g_dir_open(path, 0, NULL);
    const char *name;

    if (g_file_test(path, G_FILE_TEST_IS_SYMLINK))
        g_clear_pointer(&stream, g_dir_close);
    while (stream != NULL && (name = g_dir_read_name(stream)) != NULL) {
        g_autofree char *inner = g_build_filename(path, name, NULL);

        home_remove(inner);
    }
    g_assert_cmpint(g_remove(path), ==, 0);
}

G_GNUC_UNUSED static void
home_tear_down(Home *home, gconstpointer unused)
{
    home_remove(home->dir);
    g_free(home->dir);
    g_free(home->around.home);
    g_free(home->around.config);
    g_free(home->around.data);
    g_free(home->around.state);
    g_free(home->around.root);
    g_free(home->around.search);
    g_free(home->around.proc);
    g_free(home->around.module);
}
