/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * p11-kit's configuration as it is in force for programs of this person, or on this machine
 * (pkcs11.conf(5)).  p11-kit itself is not asked: it would load every module into this process.
 */
#pragma once

#include "cli/setup/surroundings.h"

typedef struct {
    char *user_dir;      /* the person's *.module files, read or not; NULL on a machine's behalf */
    char *system_dir;    /* the administrator's */
    char *mode_file;     /* has the last word on whether the person's are read; NULL likewise */
    gboolean is_ignored; /* the person's are not read, because the person is root */
    gboolean reads_user;
    char *dirs[3]; /* what is read, the strongest first */
    guint n_dirs;
    GHashTable *modules; /* name -> settings, put together */
} MeishiP11KitConfig;

/* @is_root: whose programs read nothing of a person's.  Nobody's are read with around->is_system.
 */
MeishiP11KitConfig *meishi_p11_kit_config_new(const MeishiSurroundings *around, gboolean is_root);
void meishi_p11_kit_config_free(MeishiP11KitConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiP11KitConfig, meishi_p11_kit_config_free)

/* The library that @settings name; new, or NULL. */
char *meishi_p11_kit_config_library(GHashTable *settings);

/* The strongest file about the module @name that can be read, or, with @key, that says that; new,
 * or NULL. */
char *
meishi_p11_kit_config_find(const MeishiP11KitConfig *config, const char *name, const char *key);
