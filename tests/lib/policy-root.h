/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A tree of policy directories below a temporary one, for tests: the root that
 * meishi_rulebook_set_root() and `meishi policy check --root` take.
 */
#pragma once

#include <errno.h>
#include <ftw.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define POLICY_VENDOR "usr/share/meishi/policy.d"
#define POLICY_ADMIN  "etc/meishi/policy.d"
#define POLICY_RUN    "run/meishi/policy.d"
#define POLICY_USER   "user/meishi/policy.d"

static inline char *
policy_root_new(void)
{
    char *root = g_dir_make_tmp("meishi-policy-XXXXXX", NULL);

    g_assert_nonnull(root);
    return root;
}

static inline void
policy_root_mkdir(const char *root, const char *dir)
{
    g_autofree char *path = g_build_filename(root, dir, NULL);
    mode_t old = umask(022);

    g_assert_cmpint(g_mkdir_with_parents(path, 0755), ==, 0);
    umask(old);
}

/* Writes in place, as an editor that is careless does. */
static inline void
policy_root_write(const char *root, const char *dir, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(root, dir, name, NULL);

    policy_root_mkdir(root, dir);
    (void)!truncate(path, 0); /* GLib 2.74 leaves the end of what was longer */
    g_assert_true(g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_NONE, 0644, NULL));
    g_assert_cmpint(g_chmod(path, 0644), ==, 0);
}

static inline void
policy_root_remove(const char *root, const char *dir, const char *name)
{
    g_autofree char *path = g_build_filename(root, dir, name, NULL);

    g_assert_cmpint(g_remove(path), ==, 0);
}

static inline int
policy_root_remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    return g_remove(path);
}

static inline void
policy_root_free(char *root)
{
    g_assert_cmpint(nftw(root, policy_root_remove_one, 8, FTW_DEPTH | FTW_PHYS), ==, 0);
    g_free(root);
}
