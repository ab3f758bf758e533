/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The option --pinentry and the key Pinentry of prompter.conf.  A pinentry is given secrets, so
 * what sshd(8) wants of a file with keys (StrictModes) is wanted of it and of everything above it:
 * root's or the person's own, and writable by nobody else.
 */
#include "cli/pinentry-program.h"

#include "cli/error.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define GROUP "Prompter"
#define KEY   "Pinentry"

static gboolean
fail(const char *path, const char *why, GError **error)
{
    g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_USAGE, "“%s” is not used as pinentry: %s",
                path, why);
    return FALSE;
}

/* A sticky directory (/tmp) is everybody's, but not what others have put there. */
static gboolean
is_ours_alone(const struct stat *info)
{
    gboolean is_guarded =
        (info->st_mode & (S_IWGRP | S_IWOTH)) == 0 ||
        (S_ISDIR(info->st_mode) && (info->st_mode & S_ISVTX) != 0 && info->st_uid == 0);

    return (info->st_uid == 0 || info->st_uid == geteuid()) && is_guarded;
}

/* @path: without symbolic links. */
static gboolean
check_chain(const char *path, GError **error)
{
    g_autofree char *parent = g_path_get_dirname(path);
    struct stat info;

    if (stat(path, &info) != 0)
        return fail(path, "it is not there.", error);
    if (!is_ours_alone(&info))
        return fail(path, "somebody else could change it.", error);
    return g_str_equal(parent, path) || check_chain(parent, error);
}

static gboolean
check_program(const char *path, GError **error)
{
    g_autofree char *real = NULL;
    char *resolved = realpath(path, NULL);
    struct stat info;

    if (resolved == NULL)
        return fail(path, "it is not there.", error);
    real = g_strdup(resolved);
    free(resolved);
    if (stat(real, &info) != 0 || !S_ISREG(info.st_mode) || access(real, X_OK) != 0)
        return fail(path, "it is no program.", error);
    return check_chain(real, error);
}

gboolean
meishi_pinentry_program_find(const char *name, char **ret_program, GError **error)
{
    g_autofree char *found =
        strchr(name, '/') != NULL ? g_strdup(name) : g_find_program_in_path(name);

    if (found == NULL)
        return fail(name, "there is no such program.", error);
    if (!g_path_is_absolute(found))
        return fail(name, "write its whole path.", error);
    if (!check_program(found, error))
        return FALSE;
    *ret_program = g_steal_pointer(&found);
    return TRUE;
}

gboolean
meishi_pinentry_program_configured(char **ret_program, GError **error)
{
    g_autofree char *path =
        g_build_filename(g_get_user_config_dir(), "meishi", "prompter.conf", NULL);
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autoptr(GError) cause = NULL;
    g_autofree char *name = NULL;

    if (g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, &cause))
        name = g_key_file_get_string(file, GROUP, KEY, NULL);
    if (cause != NULL && !g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
        g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_USAGE, "%s cannot be read: %s", path,
                    cause->message);
        return FALSE;
    }
    if (name != NULL && name[0] != '\0')
        return meishi_pinentry_program_find(name, ret_program, error);
    *ret_program = NULL;
    return TRUE;
}
