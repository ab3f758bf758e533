/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Landlock knows only what is allowed, so that everything but a few directories has to be spelled
 * out: along the way to each of them, whatever lies beside it.
 *
 *      HOME/.local/share/meishi    withheld
 *      /bin /usr ...               allowed: beside what leads to HOME
 *      HOME/.cache ...             allowed: beside HOME/.local
 *      HOME/.local/bin ...         allowed: beside HOME/.local/share
 *
 * Only opening files is held to it.  Directories may be listed and made everywhere, so that a
 * module finds its way and can make a cache; what is new in one of the directories along the way
 * opens after the next start.
 *
 * Whoever is in a Landlock domain can trace nobody outside of it, or read their memory by way of
 * /proc, root no more than others.
 */
#include "daemon/tokenhost/withhold.h"

#include "daemon/base/paths.h"

#include <fcntl.h>
#include <glib.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FILE_ACCESS (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE)

/* Renaming and linking from one directory to another is denied by every ruleset that does not speak
 * of it; kernels before 5.19 cannot speak of it. */
#ifndef LANDLOCK_ACCESS_FS_REFER
#define LANDLOCK_ACCESS_FS_REFER (1ULL << 13)
#endif
#define FIRST_WITH_REFER 2

static guint64
handled_access(void)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

    return version >= FIRST_WITH_REFER ? FILE_ACCESS | LANDLOCK_ACCESS_FS_REFER : FILE_ACCESS;
}

/* A link is no place of its own: what it leads to is allowed where it lies, or not. */
static void
allow(int ruleset, const char *path)
{
    struct landlock_path_beneath_attr rule = {.allowed_access = handled_access()};
    struct stat st;

    rule.parent_fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (rule.parent_fd < 0)
        return;
    if (fstat(rule.parent_fd, &st) == 0 && !S_ISLNK(st.st_mode)) {
        if (!S_ISDIR(st.st_mode))
            rule.allowed_access = FILE_ACCESS;
        (void)syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    }
    (void)close(rule.parent_fd);
}

static gboolean
lies_in(const char *path, const char *directory)
{
    gsize len = strlen(directory);

    return strncmp(path, directory, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

static gboolean
is_withheld(const char *path, char *const *withheld)
{
    for (; *withheld != NULL; withheld++)
        if (lies_in(path, *withheld))
            return TRUE;
    return FALSE;
}

static gboolean
leads_to_withheld(const char *path, char *const *withheld)
{
    for (; *withheld != NULL; withheld++)
        if (lies_in(*withheld, path))
            return TRUE;
    return FALSE;
}

static void
allow_beside(int ruleset, const char *directory, char *const *withheld)
{
    g_autoptr(GDir) dir = g_dir_open(directory[0] != '\0' ? directory : "/", 0, NULL);
    const char *name;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_strdup_printf("%s/%s", directory, name);

        if (is_withheld(path, withheld))
            continue;
        if (leads_to_withheld(path, withheld))
            allow_beside(ruleset, path, withheld);
        else
            allow(ruleset, path);
    }
}

/* Rules are of files and not of names, so links on the way are resolved first, as far as there is
 * anything: the vault may be made when the module has long been loaded. */
static char *
resolve(const char *path)
{
    g_autofree char *parent = g_path_get_dirname(path);
    g_autofree char *name = g_path_get_basename(path);
    g_autofree char *real_parent = NULL;
    char *found = realpath(path, NULL);
    char *real;

    if (found != NULL) {
        real = g_strdup(found);
        free(found);
        return real;
    }
    if (strcmp(parent, path) == 0)
        return g_strdup(path);
    real_parent = resolve(parent);
    return g_build_filename(real_parent, name, NULL);
}

static void
add_withheld(GPtrArray *withheld, char *path)
{
    g_ptr_array_add(withheld, resolve(path));
    g_free(path);
}

void
meishi_withhold_own_files(void)
{
    const struct landlock_ruleset_attr attr = {.handled_access_fs = handled_access()};
    g_autoptr(GPtrArray) withheld = g_ptr_array_new_with_free_func(g_free);
    int ruleset;

    add_withheld(withheld, meishi_paths_data_dir());
    add_withheld(withheld, meishi_paths_config_dir());
    g_ptr_array_add(withheld, NULL);
    ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
    if (ruleset < 0)
        return;
    allow_beside(ruleset, "", (char *const *)withheld->pdata);
    (void)syscall(SYS_landlock_restrict_self, ruleset, 0);
    (void)close(ruleset);
}
