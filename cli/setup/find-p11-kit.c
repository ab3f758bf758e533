/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Whether p11-kit finds the module, by its own rules (pkcs11.conf(5)): files of the same name are
 * merged, the person's settings over the administrator's over the packages'.
 */
#include "cli/setup/file-state.h"
#include "cli/setup/find.h"
#include "cli/setup/p11-kit-config.h"
#include "cli/setup/text-lines.h"

typedef struct {
    const char *name; /* of the module that leads to us, or to another Meishi; NULL */
    GHashTable *settings;
    char *path; /* of the library */
    gboolean is_wanted;
} Found;

static void
found_clear(Found *found)
{
    g_free(found->path);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Found, found_clear)

static gboolean
is_wanted(const MeishiSurroundings *around, const char *library)
{
    g_autofree char *path = meishi_surroundings_system_path(around, library);
    g_autofree char *wanted = meishi_surroundings_system_path(around, around->module);

    return meishi_file_state_is_same(path, wanted);
}

/* The one that is right wins over one that is not. */
static void
find_ours(const MeishiSurroundings *around, GHashTable *modules, Found *found)
{
    GHashTableIter iter;
    gpointer name, settings;

    g_hash_table_iter_init(&iter, modules);
    while (!found->is_wanted && g_hash_table_iter_next(&iter, &name, &settings)) {
        g_autofree char *library = meishi_p11_kit_config_library(settings);

        if (library == NULL || !meishi_text_is_our_module(library))
            continue;
        found->name = name;
        found->settings = settings;
        found->is_wanted = is_wanted(around, library);
        g_free(found->path);
        found->path = g_steal_pointer(&library);
    }
}

static void
note_restriction(MeishiPlace *place, const Found *found)
{
    static const char *const keys[] = {"enable-in", "disable-in"};

    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        const char *programs = g_hash_table_lookup(found->settings, keys[i]);

        if (programs == NULL)
            continue;
        place->state = MEISHI_PLACE_DISABLED;
        g_free(place->detail);
        place->detail = g_strdup_printf("%s says “%s: %s”.", place->path, keys[i], programs);
    }
}

/* What a person may write is a file of the same name; everything else in it stays. */
static void
judge(MeishiPlace *place, const MeishiSurroundings *around, const MeishiP11KitConfig *config)
{
    g_auto(Found) found = {.name = NULL};
    const char *dir = around->is_system ? config->system_dir : config->user_dir;
    g_autofree char *file = NULL;

    find_ours(around, config->modules, &found);
    place->module = g_strdup(found.path);
    if (found.is_wanted) {
        place->path = meishi_p11_kit_config_find(config, found.name, NULL);
        note_restriction(place, &found);
        return;
    }
    if (!around->is_system && !config->reads_user) {
        place->state = MEISHI_PLACE_BROKEN;
        return;
    }
    place->state = found.name != NULL ? MEISHI_PLACE_STALE : MEISHI_PLACE_MISSING;
    file = g_strconcat(found.name != NULL ? found.name : "meishi", ".module", NULL);
    place->path = g_build_filename(dir, file, NULL);
}

/* Of a place that is nowhere: why, and what there is to do. */
static void
explain_none(MeishiPlace *place, const char *conf)
{
    place->detail = g_strdup_printf("p11-kit does not read what people configure here "
                                    "(“user-config: none” in %s).",
                                    conf);
    place->hint = g_strdup("sudo meishi setup --system");
}

/* Of root's own configuration, which no program of his reads, doctor speaks; setup does not write
 * there. */
void
meishi_find_p11_kit(const MeishiSurroundings *around, GPtrArray *places)
{
    g_autoptr(MeishiP11KitConfig) config = meishi_p11_kit_config_new(around, FALSE);
    MeishiPlace *place = meishi_place_new(MEISHI_PLACE_P11_KIT, "p11-kit",
                                          around->is_system ? "p11-kit, for all users"
                                                            : "p11-kit (GnuTLS, GLib, wget, git)");

    place->wanted = g_strdup(around->module);
    judge(place, around, config);
    if (place->state == MEISHI_PLACE_BROKEN)
        explain_none(place, config->mode_file);
    g_ptr_array_add(places, place);
}
