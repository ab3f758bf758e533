/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which directories count, and their files put together: settings of the same name, the person's
 * before the administrator's before the packages'.
 */
#include "config.h"

#include "cli/doctor/gather/p11-kit-config.h"

#include "daemon/token/module-file.h"

#include <string.h>

#define SUFFIX ".module"

static char *
read_mode(const char *path, const char *otherwise)
{
    g_autoptr(GHashTable) settings = meishi_module_file_read(path, NULL);
    const char *mode = settings != NULL ? g_hash_table_lookup(settings, "user-config") : NULL;

    return g_strdup(mode != NULL ? mode : otherwise);
}

/* Root's programs read nothing of his own, "only" or not. */
static void
find_dirs(MeishiP11KitConfig *config, const char *base)
{
    g_autofree char *conf = g_build_filename(base, "pkcs11", "pkcs11.conf", NULL);
    g_autofree char *system = read_mode(P11_KIT_SYSTEM_DIR "/pkcs11.conf", "merge");
    gboolean is_none = strcmp(system, "none") == 0 || config->is_ignored;
    g_autofree char *mode = is_none ? g_strdup("none") : read_mode(conf, system);
    gboolean is_only = strcmp(mode, "only") == 0 || strcmp(mode, "override") == 0;

    config->user_dir = g_build_filename(base, "pkcs11", "modules", NULL);
    if (strcmp(mode, "none") != 0)
        config->dirs[config->n_dirs++] = config->user_dir;
    if (is_only)
        return;
    config->dirs[config->n_dirs++] = P11_KIT_SYSTEM_DIR "/modules";
    config->dirs[config->n_dirs++] = P11_KIT_PACKAGE_DIR;
}

MeishiP11KitConfig *
meishi_p11_kit_config_new(const MeishiSurroundings *around, guint uid)
{
    MeishiP11KitConfig *config = g_new0(MeishiP11KitConfig, 1);

    config->is_ignored = uid == 0;
    config->modules = meishi_module_files_new();
    find_dirs(config, around->config);
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

        if (settings != NULL && g_hash_table_contains(settings, key))
            return g_steal_pointer(&path);
    }
    return NULL;
}
