/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reads the environment once, so that what follows depends on a value alone.
 */
#include "config.h"

#include "cli/setup/surroundings.h"

#include "daemon/base/error.h"
#include "daemon/base/paths.h"

#include <stdlib.h>
#include <string.h>

#define SYSTEM_STATE  "/var/lib/meishi/setup"
#define SYSTEM_SEARCH "/usr/local/bin:/usr/bin:/bin:/snap/bin"

void
meishi_surroundings_free(MeishiSurroundings *around)
{
    if (around == NULL)
        return;
    g_free(around->home);
    g_free(around->config);
    g_free(around->data);
    g_free(around->state);
    g_free(around->root);
    g_free(around->search);
    g_free(around->proc);
    g_free(around->module);
    g_free(around);
}

/* How far @a and @b agree, up to and with a slash. */
static gsize
common_prefix(const char *a, const char *b)
{
    gsize slash = 0;

    for (gsize i = 0; a[i] == b[i] && a[i] != '\0'; i++) {
        if (a[i] == '/')
            slash = i + 1;
    }
    return slash;
}

/* The module as it lies beside the program that runs: a tree that was moved, or is still being
 * staged, has its own.  NULL where there is none. */
static char *
find_beside(void)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *dir = self != NULL ? g_path_get_dirname(self) : NULL;
    const char *bindir = MEISHI_BINDIR, *final = MEISHI_MODULE;
    gsize common = common_prefix(MEISHI_BINDIR "/", final);
    const char *bin = bindir + (common > 0 ? common - 1 : 0); /* "/bin" */
    g_autofree char *prefix = NULL, *module = NULL;

    if (dir == NULL || !g_str_has_suffix(dir, bin))
        return NULL;
    prefix = g_strndup(dir, strlen(dir) - strlen(bin));
    module = g_build_filename(prefix, final + common, NULL);
    return g_file_test(module, G_FILE_TEST_EXISTS) ? g_steal_pointer(&module) : NULL;
}

/* @module without @root, where it lies below. */
static char *
strip_root(const char *module, const char *root)
{
    gsize len = strlen(root);

    return g_strdup(strncmp(module, root, len) == 0 && module[len] == '/' ? module + len : module);
}

/* A line of a configuration file has to hold it. */
static gboolean
check_module(const MeishiSurroundings *around, GError **error)
{
    g_autofree char *path = meishi_surroundings_system_path(around, around->module);

    if (strpbrk(around->module, "\r\n") != NULL) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_UNSUPPORTED,
                    "No configuration file can name a module whose path has a line break.");
        return FALSE;
    }
    if (g_file_test(path, G_FILE_TEST_EXISTS) || g_file_test(around->module, G_FILE_TEST_EXISTS))
        return TRUE;
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND,
                "There is no module %s: install Meishi first.", path);
    return FALSE;
}

static char *
dup_home(void)
{
    const char *home = g_getenv("HOME");

    return g_strdup(home != NULL && g_path_is_absolute(home) ? home : g_get_home_dir());
}

static void
fill_personal(MeishiSurroundings *around)
{
    g_autofree char *config = meishi_paths_config_dir();
    g_autofree char *data = meishi_paths_data_dir();
    const char *search = g_getenv("PATH");

    around->home = dup_home();
    around->config = g_path_get_dirname(config);
    around->data = g_path_get_dirname(data);
    around->state = g_build_filename(data, "setup", NULL);
    around->search = g_strdup(search != NULL ? search : SYSTEM_SEARCH);
}

/* "" for the running system. */
static char *
real_root(const char *root)
{
    char *real = root != NULL ? realpath(root, NULL) : NULL;
    g_autofree char *copy = real != NULL ? g_strdup(real) : g_strdup(root != NULL ? root : "");

    free(real);
    return g_strdup(strcmp(copy, "/") == 0 ? "" : copy);
}

MeishiSurroundings *
meishi_surroundings_new(gboolean is_system, const char *root, GError **error)
{
    g_autoptr(MeishiSurroundings) around = g_new0(MeishiSurroundings, 1);
    g_autofree char *beside = find_beside();

    around->is_system = is_system;
    around->proc = g_strdup("/proc");
    around->root = real_root(root);
    around->module = strip_root(beside != NULL ? beside : MEISHI_MODULE, around->root);
    if (is_system) {
        around->state = meishi_surroundings_system_path(around, SYSTEM_STATE);
        around->search = g_strdup(SYSTEM_SEARCH);
    } else {
        fill_personal(around);
    }
    return check_module(around, error) ? g_steal_pointer(&around) : NULL;
}

char *
meishi_surroundings_system_path(const MeishiSurroundings *around, const char *path)
{
    return g_strconcat(around->root, path, NULL);
}

char *
meishi_surroundings_find_program(const MeishiSurroundings *around, const char *name)
{
    g_auto(GStrv) dirs = g_strsplit(around->search, ":", -1);

    for (guint i = 0; dirs[i] != NULL; i++) {
        g_autofree char *beneath = g_build_filename(dirs[i], name, NULL);
        g_autofree char *path = meishi_surroundings_system_path(around, beneath);

        if (dirs[i][0] == '/' && g_file_test(path, G_FILE_TEST_IS_EXECUTABLE))
            return g_steal_pointer(&path);
    }
    return NULL;
}
