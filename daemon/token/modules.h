/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which foreign PKCS#11 modules there are: those of p11-kit's configuration (pkcs11.conf(5)), and
 * those that the person added.
 *
 * p11-kit itself is not asked: its list comes only with every module on it loaded into the process
 * that asks, so that one bad module, or one bad line in one file, leaves nobody any token.  A test
 * holds what is read here to what p11-kit says.
 */
#pragma once

#include <glib.h>

typedef struct {
    char *name;       /* of its file, without ".module" */
    char *path;       /* of the library; absolute, without links */
    char *reserved;   /* x-init-reserved, for C_Initialize; NULL */
    gboolean network; /* x-meishi-network: it may talk to other machines */
    int priority;
    gboolean is_added; /* by the person, with Meishi */
} MeishiTokenModule;

void meishi_token_module_free(MeishiTokenModule *module);

/* Where all that lies; what is NULL is nowhere. */
typedef struct {
    const char *package_dir; /* *.module of packages */
    const char *system_dir;  /* *.module of the administrator */
    const char *system_conf; /* pkcs11.conf */
    const char *user_dir;    /* the same of the person */
    const char *user_conf;
    const char *module_dir; /* where a relative path begins */
    const char *added_dir;  /* *.module that were added with Meishi */
    const char *own;        /* our module, which is none of them */
    /* Libraries, and directories of such, that may belong to others than root; NULL-terminated. */
    const char *const *allowed;
    const char *const *denied; /* those that are not loaded, whoever configured them */
} MeishiTokenPlaces;

/* All modules, those with higher priority first, each library once.  What keeps one from being
 * used goes to @remarks (char *, sentences; may be NULL). */
GPtrArray *meishi_token_modules_list(const MeishiTokenPlaces *places, GPtrArray *remarks);

/* p11-kit's places and ours, as installed; the person's only where p11-kit looks there as well.
 * The strings belong to a table that lives as long as the process. */
void meishi_token_places_init(MeishiTokenPlaces *places);

/* Whether the library at @path may be loaded: nobody but root, or whoever owns this program, can
 * have put it there.  @ret_real is its path without links.  NOT_FOUND, PERMISSIONS. */
gboolean meishi_token_modules_check(const char *path, const char *const *allowed, char **ret_real,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether the library at @path could be added: NOT_FOUND, PERMISSIONS, EXISTS, DENIED.  @ret_real
 * as above. */
gboolean meishi_token_modules_check_new(const MeishiTokenPlaces *places, const char *path,
                                        char **ret_real, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Adds the library at @path to @places->added_dir, or takes it away.  The same, and IO. */
gboolean meishi_token_modules_add(const MeishiTokenPlaces *places, const char *path,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean meishi_token_modules_remove(const MeishiTokenPlaces *places, const char *path,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
