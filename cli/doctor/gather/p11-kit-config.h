/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * p11-kit's configuration as it is in force for programs of this person (pkcs11.conf(5)).  p11-kit
 * itself is not asked: it would load every module into this process.
 */
#pragma once

#include "cli/setup/surroundings.h"

typedef struct {
    char *user_dir;      /* the person's *.module files */
    gboolean is_ignored; /* these are not read, because the person is root */
    const char *dirs[3]; /* what is read, the strongest first */
    guint n_dirs;
    GHashTable *modules; /* name -> settings, put together */
} MeishiP11KitConfig;

MeishiP11KitConfig *meishi_p11_kit_config_new(const MeishiSurroundings *around, guint uid);
void meishi_p11_kit_config_free(MeishiP11KitConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiP11KitConfig, meishi_p11_kit_config_free)

/* The library that @settings name; new, or NULL. */
char *meishi_p11_kit_config_library(GHashTable *settings);

/* The file that says @key about the module @name; new, or NULL. */
char *
meishi_p11_kit_config_find(const MeishiP11KitConfig *config, const char *name, const char *key);
