/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What in p11-kit's configuration keeps programs from our module.
 */
#include "cli/doctor/gather/gather-private.h"

#include "cli/setup/p11-kit-config.h"
#include "daemon/token/module-file.h"

typedef struct {
    MeishiGathering *gathering;
    MeishiP11KitConfig *config;
    GArray *troubles; /* MeishiP11KitFact */
} Look;

static void
add_trouble(Look *look, MeishiP11KitTrouble trouble, const char *file, const char *value)
{
    MeishiFacts *facts = look->gathering->facts;
    const MeishiP11KitFact fact = {
        .trouble = trouble,
        .file = meishi_facts_copy(facts, file),
        .uid = meishi_gather_file(facts, file).uid,
        .value = meishi_facts_copy(facts, value),
    };

    g_array_append_val(look->troubles, fact);
}

static void
find_bad_files(Look *look, const char *dir)
{
    g_autoptr(GDir) stream = g_dir_open(dir, 0, NULL);
    const char *name;

    while (stream != NULL && (name = g_dir_read_name(stream)) != NULL) {
        g_autofree char *path = g_build_filename(dir, name, NULL);
        g_autoptr(GError) error = NULL;
        g_autoptr(GHashTable) settings = NULL;

        if (g_file_test(path, G_FILE_TEST_IS_DIR))
            continue;
        settings = meishi_module_file_read(path, &error);
        if (settings == NULL)
            add_trouble(look, MEISHI_P11_KIT_BAD_FILE, path, error->message);
    }
}

static void
find_restriction(Look *look, const char *name, GHashTable *settings)
{
    static const struct {
        const char *key;
        MeishiP11KitTrouble trouble;
    } keys[] = {
        {"enable-in", MEISHI_P11_KIT_ENABLED_IN},
        {"disable-in", MEISHI_P11_KIT_DISABLED_IN},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        const char *programs = g_hash_table_lookup(settings, keys[i].key);
        g_autofree char *file =
            programs != NULL ? meishi_p11_kit_config_find(look->config, name, keys[i].key) : NULL;

        if (file != NULL)
            add_trouble(look, keys[i].trouble, file, programs);
    }
}

/* Returns whether p11-kit shows our module. */
static gboolean
look_at_ours(Look *look)
{
    GHashTableIter iter;
    gpointer name, settings;
    gboolean is_shown = FALSE;

    g_hash_table_iter_init(&iter, look->config->modules);
    while (g_hash_table_iter_next(&iter, &name, &settings)) {
        g_autofree char *library = meishi_p11_kit_config_library(settings);

        if (!meishi_gather_is_same_file(library, look->gathering->around->module))
            continue;
        is_shown = TRUE;
        find_restriction(look, name, settings);
    }
    return is_shown;
}

/* A person's file that names us, and is not read because the person is root. */
static void
look_at_ignored(Look *look)
{
    g_autoptr(GHashTable) modules = meishi_module_files_new();
    GHashTableIter iter;
    gpointer name, settings;

    meishi_module_files_merge(modules, look->config->user_dir, NULL);
    g_hash_table_iter_init(&iter, modules);
    while (g_hash_table_iter_next(&iter, &name, &settings)) {
        g_autofree char *library = meishi_p11_kit_config_library(settings);
        g_autofree char *file = g_strconcat(name, ".module", NULL);
        g_autofree char *path = g_build_filename(look->config->user_dir, file, NULL);

        if (meishi_gather_is_same_file(library, look->gathering->around->module))
            add_trouble(look, MEISHI_P11_KIT_USER_IGNORED, path, NULL);
    }
}

void
meishi_gather_p11_kit(MeishiGathering *gathering)
{
    MeishiFacts *facts = gathering->facts;
    g_autoptr(MeishiP11KitConfig) config = NULL;
    Look look = {.gathering = gathering};

    if (gathering->around == NULL)
        return;
    config = meishi_p11_kit_config_new(gathering->around, facts->uid == 0);
    look.config = config;
    look.troubles = g_array_new(FALSE, FALSE, sizeof(MeishiP11KitFact));
    for (guint i = 0; i < config->n_dirs; i++)
        find_bad_files(&look, config->dirs[i]);
    if (!look_at_ours(&look) && config->is_ignored)
        look_at_ignored(&look);
    facts->p11_kit = meishi_facts_keep_array(facts, look.troubles, &facts->n_p11_kit);
}
