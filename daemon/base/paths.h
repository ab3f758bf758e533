/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where things live.  Every function returns a new string for g_free().
 *
 * The runtime directory is $XDG_RUNTIME_DIR, else /run/user/UID where that exists and is ours,
 * else /tmp/meishi-UID (0700, ours, no link).  module/sock.c follows the same rule; a test holds
 * the two together.
 */
#pragma once

#include <glib.h>

char *meishi_paths_data_dir(void);    /* $XDG_DATA_HOME/meishi: the store */
char *meishi_paths_config_dir(void);  /* $XDG_CONFIG_HOME/meishi: default key file, policy */
char *meishi_paths_runtime_dir(void); /* RUNTIME/meishi: sockets */
char *meishi_paths_pkcs11_socket(void);
char *meishi_paths_bus_socket(void);

/* The directories of policy files from the lowest layer to the highest (vendor, admin, runtime,
 * user), NULL-terminated, for g_strfreev().  With @root, all four lie below that directory. */
char **meishi_paths_policy_dirs(const char *root);

/* Makes @path and its parents 0700 where missing; refuses (PERMISSIONS) a directory that is not
 * ours, is a symbolic link, or that others may write to. */
gboolean
meishi_paths_ensure_private_dir(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A program of ours that the daemon starts: beside this program (an installed tree that was moved),
 * in @subdir below it (a build tree), or where the build was told to install it. */
char *meishi_paths_helper(const char *name, const char *subdir);
