/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which directories count, and their files put together: settings of the same name, the person's
 * before the administrator's before the packages'.
 */
#include "config.h"

#include "cli/setup/p11-kit-config.h"

#include "daemon/token/module-file.h"

#include <string.h>

#define SUFFIX ".module"

/* "user-config" in the file at @path, else @otherwise; new. */
static char *
read_mode(const char *path, const char *otherwise)
{
    g_autoptr(GHashTable) settings = meishi_module_file_read(path, NULL);
    const char *mode = settings != NULL ? g_hash_table_lookup(settings, "user-config") : NULL;

    return g_strdup(mode != NULL ? mode : otherwise);
}

/* A "none" of the administrator's is the last word. */
static char *
find_mode(MeishiP11KitConfig *config, const MeishiSurroundings *around)
{
    g_autofree char *global =
        meishi_surroundings_system_path(around, P11_KIT_SYSTEM_DIR "/pkcs11.conf");
    g_autofree char *system = read_mode(global, "merge");

    if (strcmp(system, "none") == 0) {
        config->mode_file = g_steal_pointer(&global);
        return g_steal_pointer(&system);
    }
    config->mode_file = g_build_filename(around->config, "pkcs11", "pkcs11.conf", NULL);
    return read_mode(config->mode_file, system);
}

/* Root's programs read nothing of his own, "only" or not. */
static void
find_dirs(MeishiP11KitConfig *config, const MeishiSurroundings *around)
{
    g_autofree char *mode = around->is_system ? g_strdup("none") : find_mode(config, around);
    gboolean is_only = strcmp(mode, "only") == 0 || strcmp(mode, "override") == 0;

    if (!around->is_system)
        config->user_dir = g_build_filename(around->config, "pkcs11", "modules", NULL);
    config->system_dir = meishi_surroundings_system_path(around, P11_KIT_SYSTEM_DIR "/modules");
    config->reads_user = strcmp(mode, "none") != 0 && !config->is_ignored;
    if (config->reads_user)
        config->dirs[config->n_dirs++] = g_strdup(config->user_dir);
    if (config->reads_user && is_only)
        return;
    config->dirs[config->n_dirs++] = g_strdup(config->system_dir);
    config->dirs[config->n_dirs++] = meishi_surroundings_system_path(around, P11_KIT_PACKAGE_DIR);
}

MeishiP11KitConfig *
meishi_p11_kit_config_new(const MeishiSurroundings *around, gboolean is_root)
{
    MeishiP11KitConfig *config = g_new0(MeishiP11KitConfig, 1);

    config->is_ignored = is_root;
    config->modules = meishi_module_files_new();
    find_dirs(config, around);
    for (guint i = 0; i < config->n_dirs; i++)
        meishi_module_files_merge(config->modules, config->dirs[i], NULL);
    return config;
}

void
meishi_p11_kit_config_free(MeishiP11KitConfig *config)
{
    if (config == NULL)
        return;
    g_free(config->user_dir);
    g_free(config->system_dir);
    g_free(config->mode_file);
    for (guint i = 0; i < config->n_dirs; i++)
        g_free(config->dirs[i]);
    g_hash_table_unref(config->modules);
    g_free(config);
}

char *
meishi_p11_kit_config_library(GHashTable *settings)
{
    const char *module = g_hash_table_lookup(settings, "module");

    if (module == NULL || module[0] == '\0')
        return NULL;
    return g_path_is_absolute(module) ? g_strdup(module)
                                      : g_build_filename(P11_KIT_MODULE_DIR, module, NULL);
}

char *
meishi_p11_kit_config_find(const MeishiP11KitConfig *config, const char *name, const char *key)
{
    g_autofree char *file = g_strconcat(name, SUFFIX, NULL);

    for (guint i = 0; i < config->n_dirs; i++) {
        g_autofree char *path = g_build_filename(config->dirs[i], file, NULL);
        g_autoptr(GHashTable) settings = meishi_module_file_read(path, NULL);

        if (settings != NULL && (key == NULL || g_hash_table_contains(settings, key)))
            return g_steal_pointer(&path);
    }
    return NULL;
}
