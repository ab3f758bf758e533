/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The XDG Base Directory rules, read from the environment at each call (GLib would keep the first
 * answer), and the one check that a directory belongs to this person.
 */
#include "config.h"

#include "daemon/base/paths.h"

#include "daemon/base/error.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* "All paths set in these environment variables must be absolute.  If an implementation
 * encounters a relative path [...] it should consider the path invalid and ignore it." */
static const char *
absolute_from_environment(const char *name)
{
    const char *value = g_getenv(name);

    return value != NULL && g_path_is_absolute(value) ? value : NULL;
}

static const char *
home_dir(void)
{
    const char *home = absolute_from_environment("HOME");

    return home != NULL ? home : g_get_home_dir();
}

char *
meishi_paths_data_dir(void)
{
    const char *base = absolute_from_environment("XDG_DATA_HOME");

    return base != NULL ? g_build_filename(base, "meishi", NULL)
                        : g_build_filename(home_dir(), ".local", "share", "meishi", NULL);
}

char *
meishi_paths_config_dir(void)
{
    const char *base = absolute_from_environment("XDG_CONFIG_HOME");

    return base != NULL ? g_build_filename(base, "meishi", NULL)
                        : g_build_filename(home_dir(), ".config", "meishi", NULL);
}

static char *
runtime_base(void)
{
    const char *base = absolute_from_environment("XDG_RUNTIME_DIR");
    g_autofree char *run = g_strdup_printf("/run/user/%u", getuid());
    struct stat st;

    if (base != NULL)
        return g_strdup(base);
    if (lstat(run, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == getuid())
        return g_steal_pointer(&run);
    return g_strdup_printf("/tmp/meishi-%u", getuid());
}

char *
meishi_paths_runtime_dir(void)
{
    g_autofree char *base = runtime_base();

    return g_build_filename(base, "meishi", NULL);
}

char *
meishi_paths_pkcs11_socket(void)
{
    g_autofree char *dir = meishi_paths_runtime_dir();

    return g_build_filename(dir, "pkcs11", NULL);
}

char *
meishi_paths_bus_socket(void)
{
    g_autofree char *dir = meishi_paths_runtime_dir();

    return g_build_filename(dir, "bus", NULL);
}

/* ---- policy --------------------------------------------------------------------------------- */

static char **
policy_dirs_below(const char *root)
{
    static const char *const places[] = {"usr/share", "etc", "run", "user"};
    char **dirs = g_new0(char *, G_N_ELEMENTS(places) + 1);

    for (gsize i = 0; i < G_N_ELEMENTS(places); i++)
        dirs[i] = g_build_filename(root, places[i], "meishi", "policy.d", NULL);
    return dirs;
}

char **
meishi_paths_policy_dirs(const char *root)
{
    g_autofree char *config = meishi_paths_config_dir();
    char **dirs;

    if (root != NULL)
        return policy_dirs_below(root);
    dirs = g_new0(char *, 5);
    dirs[0] = g_build_filename(MEISHI_DATADIR, "meishi", "policy.d", NULL);
    dirs[1] = g_build_filename(MEISHI_SYSCONFDIR, "meishi", "policy.d", NULL);
    dirs[2] = g_strdup("/run/meishi/policy.d");
    dirs[3] = g_build_filename(config, "policy.d", NULL);
    return dirs;
}

/* ---- private directories ------------------------------------------------------------------- */

static gboolean
refuse(const char *path, const char *what, const char *remedy, GError **error)
{
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_PERMISSIONS, "The directory %s %s: %s", path,
                what, remedy);
    return FALSE;
}

static gboolean
check_private(const char *path, const struct stat *st, GError **error)
{
    g_autofree char *quoted = g_shell_quote(path);
    g_autofree char *chmod = g_strdup_printf("close it with `chmod 700 %s`", quoted);

    if (S_ISLNK(st->st_mode))
        return refuse(path, "is a symbolic link", "put the directory itself there", error);
    if (!S_ISDIR(st->st_mode))
        return refuse(path, "is not a directory", "move the file out of the way", error);
    if (st->st_uid != getuid())
        return refuse(path, "belongs to somebody else", "have it removed or renamed", error);
    if ((st->st_mode & 022) != 0)
        return refuse(path, "can be written to by others", chmod, error);
    return TRUE;
}

static gboolean
fail_with_errno(const char *action, const char *path, GError **error)
{
    int saved = errno;

    g_set_error(error, MEISHI_ERROR, meishi_error_code_of_errno(saved),
                "Cannot %s the directory %s: %s", action, path, g_strerror(saved));
    return FALSE;
}

/* What already stands on the way.  Where everybody may make entries (/tmp), a stranger can have
 * been faster, so there it has to be as private as the directory we are after, or root's.
 * Elsewhere people arrange their homes as they like. */
static gboolean
check_parent(const char *path, gboolean in_public, const struct stat *st, GError **error)
{
    gboolean roots_own = st->st_uid == 0 && getuid() != 0 && S_ISDIR(st->st_mode);

    return !in_public || roots_own || check_private(path, st, error);
}

/* Makes or checks the entry @path, whose parent is done with. */
static gboolean
ensure_one(const char *path, gboolean is_last, gboolean *in_public, GError **error)
{
    struct stat st;

    if (lstat(path, &st) != 0 && errno == ENOENT && mkdir(path, 0700) != 0 && errno != EEXIST)
        return fail_with_errno("make", path, error);
    if (lstat(path, &st) != 0)
        return fail_with_errno("look at", path, error);
    if (is_last)
        return check_private(path, &st, error);
    if (!check_parent(path, *in_public, &st, error))
        return FALSE;
    /* A link leads elsewhere: what counts for the next entry is the directory behind it. */
    if (S_ISLNK(st.st_mode) && stat(path, &st) != 0)
        return fail_with_errno("look at", path, error);
    *in_public = (st.st_mode & S_IWOTH) != 0;
    return TRUE;
}

gboolean
meishi_paths_ensure_private_dir(const char *path, GError **error)
{
    g_autofree char *whole = g_canonicalize_filename(path, NULL);
    gboolean in_public = FALSE;

    for (char *end = whole; end != NULL;) {
        end = strchr(end + 1, '/');
        if (end != NULL)
            *end = '\0';
        if (!ensure_one(whole, end == NULL, &in_public, error))
            return FALSE;
        if (end != NULL)
            *end = '/';
    }
    return TRUE;
}

char *
meishi_paths_helper(const char *name, const char *subdir)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *dir = self != NULL ? g_path_get_dirname(self) : g_strdup(MEISHI_LIBEXECDIR);
    g_autofree char *beside = g_build_filename(dir, name, NULL);
    g_autofree char *below = g_build_filename(dir, subdir, name, NULL);

    if (g_file_test(beside, G_FILE_TEST_IS_EXECUTABLE))
        return g_steal_pointer(&beside);
    if (g_file_test(below, G_FILE_TEST_IS_EXECUTABLE))
        return g_steal_pointer(&below);
    return g_build_filename(MEISHI_LIBEXECDIR, name, NULL);
}
