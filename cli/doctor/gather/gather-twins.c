/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Modules by which programs see a card beside us: in p11-kit's configuration, and in the lists of
 * browsers.
 */
#include "cli/doctor/gather/gather-private.h"

#include "cli/setup/nss-modules.h"
#include "cli/setup/p11-kit-config.h"
#include "cli/setup/place.h"
#include "daemon/asking/dict.h"

#include <string.h>

#define PROXY "p11-kit-proxy.so"

typedef struct {
    MeishiGathering *gathering;
    MeishiP11KitConfig *config;
    GHashTable *served; /* see list_served() */
    GArray *twins;      /* MeishiTwinFact */
} Look;

static gboolean
is_ours(const Look *look, const char *library)
{
    return meishi_gather_is_same_file(library, look->gathering->around->module);
}

/* Whether p11-kit shows our module at all. */
static gboolean
is_shown(const Look *look)
{
    GHashTableIter iter;
    gpointer settings;

    g_hash_table_iter_init(&iter, look->config->modules);
    while (g_hash_table_iter_next(&iter, NULL, &settings)) {
        g_autofree char *library = meishi_p11_kit_config_library(settings);

        if (is_ours(look, library))
            return TRUE;
    }
    return FALSE;
}

/* Libraries whose tokens the daemon shows: path -> label of such a token, of which there is one at
 * least.  NULL where it cannot be asked. */
static GHashTable *
list_served(MeishiClient *client)
{
    g_autoptr(GVariant) modules = NULL;
    g_autoptr(GPtrArray) tokens = meishi_client_tokens(client, NULL);
    GHashTable *served;

    if (tokens == NULL ||
        !meishi_bus_manager_call_list_modules_sync(client->manager, &modules, NULL, NULL, NULL))
        return NULL;
    served = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    for (gsize i = 0; i < g_variant_n_children(modules); i++) {
        g_autoptr(GVariant) module = g_variant_get_child_value(modules, i);

        for (guint k = 0; k < tokens->len; k++) {
            if (meishi_dict_flag(tokens->pdata[k], "Present") &&
                strcmp(meishi_dict_text(tokens->pdata[k], "Module"),
                       meishi_dict_text(module, "name")) == 0)
                g_hash_table_replace(served, g_strdup(meishi_dict_text(module, "path")),
                                     g_strdup(meishi_dict_text(tokens->pdata[k], "Label")));
        }
    }
    return served;
}

/* The label of a token that the daemon shows from @library; NULL where there is none. */
static const char *
find_served(GHashTable *served, const char *library)
{
    GHashTableIter iter;
    gpointer path, label;

    g_hash_table_iter_init(&iter, served);
    while (g_hash_table_iter_next(&iter, &path, &label)) {
        if (meishi_gather_is_same_file(path, library))
            return label;
    }
    return NULL;
}

/* Programs other than the daemon see it. */
static gboolean
is_for_others(GHashTable *settings)
{
    const char *enable = g_hash_table_lookup(settings, "enable-in");

    return enable == NULL || strcmp(enable, "meishid") != 0;
}

static void
add_p11_kit_twin(Look *look, const char *name, const char *token)
{
    MeishiFacts *facts = look->gathering->facts;
    const char *dir = look->config->is_ignored ? look->config->system_dir : look->config->user_dir;
    g_autofree char *file = g_strconcat(name, ".module", NULL);
    const MeishiTwinFact fact = {
        .title = "p11-kit",
        .module = meishi_facts_copy(facts, name),
        .token = meishi_facts_copy(facts, token),
        .file = meishi_facts_keep(facts, g_build_filename(dir, file, NULL)),
        .needs_dir = !g_file_test(dir, G_FILE_TEST_IS_DIR),
    };

    g_array_append_val(look->twins, fact);
}

static void
find_p11_kit_twins(Look *look)
{
    GHashTableIter iter;
    gpointer name, settings;

    g_hash_table_iter_init(&iter, look->config->modules);
    while (g_hash_table_iter_next(&iter, &name, &settings)) {
        g_autofree char *library = meishi_p11_kit_config_library(settings);
        const char *token = library != NULL ? find_served(look->served, library) : NULL;

        if (token != NULL && is_for_others(settings))
            add_p11_kit_twin(look, name, token);
    }
}

/* ---- in browsers ------------------------------------------------------------------------------
 */

/* p11-kit's proxy shows what p11-kit shows, and so all of ours. */
static const char *
find_twin_token(Look *look, const char *library)
{
    GHashTableIter iter;
    gpointer label = NULL;

    if (!g_str_has_suffix(library, "/" PROXY) && strcmp(library, PROXY) != 0)
        return find_served(look->served, library);
    g_hash_table_iter_init(&iter, look->served);
    return g_hash_table_iter_next(&iter, NULL, &label) ? label : NULL;
}

static void
look_at_module(Look *look, const MeishiPlace *place, const char *name, const char *library)
{
    MeishiFacts *facts = look->gathering->facts;
    const char *token = is_ours(look, library) ? NULL : find_twin_token(look, library);
    const MeishiTwinFact fact = {
        .title = meishi_facts_copy(facts, place->title),
        .module = meishi_facts_copy(facts, name),
        .token = meishi_facts_copy(facts, token),
        .database = meishi_facts_keep(facts, g_path_get_dirname(place->path)),
    };

    if (token != NULL)
        g_array_append_val(look->twins, fact);
}

static void
find_nss_twins(Look *look)
{
    const GPtrArray *places = look->gathering->places;

    for (guint i = 0; i < places->len; i++) {
        const MeishiPlace *place = places->pdata[i];
        gboolean is_set_up = place->kind == MEISHI_PLACE_NSS && place->state == MEISHI_PLACE_READY;
        g_autofree char *text = is_set_up ? meishi_gather_text(place->path) : NULL;
        g_auto(GStrv) modules = text != NULL ? meishi_nss_modules_list(text) : NULL;

        for (char **module = modules; module != NULL && *module != NULL; module += 2)
            look_at_module(look, place, module[0], module[1]);
    }
}

void
meishi_gather_twins(MeishiGathering *gathering)
{
    MeishiFacts *facts = gathering->facts;
    g_autoptr(GHashTable) served =
        gathering->client != NULL ? list_served(gathering->client) : NULL;
    g_autoptr(MeishiP11KitConfig) config = NULL;
    Look look = {.gathering = gathering, .served = served};

    if (gathering->around == NULL || served == NULL)
        return;
    config = meishi_p11_kit_config_new(gathering->around, facts->uid == 0);
    look.config = config;
    look.twins = g_array_new(FALSE, FALSE, sizeof(MeishiTwinFact));
    if (is_shown(&look))
        find_p11_kit_twins(&look);
    find_nss_twins(&look);
    facts->twins = meishi_facts_keep_array(facts, look.twins, &facts->n_twins);
}
