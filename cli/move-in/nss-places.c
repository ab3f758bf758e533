/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where setup would add a module is where certificates lie: native, in a Snap or in a Flatpak.
 * Whether the module is there, and who has the database open, is of no interest here.
 */
#include "cli/move-in/nss-places.h"

#include "cli/setup/find.h"
#include "daemon/base/error.h"

static const struct {
    const char *program;
    const char *title;
    void (*find)(const MeishiSurroundings *around, GPtrArray *places);
} programs[] = {
    {"firefox", "Firefox", meishi_find_firefox},
    {"thunderbird", "Thunderbird", meishi_find_thunderbird},
    {"chromium", "Chromium", meishi_find_chromium},
};

static gsize
index_of(const char *program)
{
    gsize i = 0;

    while (!g_str_equal(programs[i].program, program))
        i++;
    return i;
}

/* Only what finding profiles takes; no program counts as installed, and none as running. */
static MeishiSurroundings *
new_surroundings(void)
{
    MeishiSurroundings *around = g_new0(MeishiSurroundings, 1);

    around->home = g_strdup(g_get_home_dir());
    around->config = g_strdup(g_get_user_config_dir());
    around->data = g_strdup(g_get_user_data_dir());
    around->state = g_strdup("");
    around->root = g_strdup("");
    around->search = g_strdup("");
    around->proc = g_strdup("/nonexistent");
    around->module = g_strdup("/nonexistent");
    return around;
}

/* By its name, or by that of its directory. */
static gboolean
is_profile(const MeishiPlace *place, const char *directory, const char *profile)
{
    g_autofree char *name = g_path_get_basename(directory);
    g_autofree char *end = g_strconcat(", profile ", profile, NULL);

    return g_str_equal(name, profile) || g_str_has_suffix(place->title, end);
}

static void
add_place(MeishiHaul *haul, const MeishiPlace *place, const char *profile)
{
    g_autofree char *directory = NULL;

    if (place->kind != MEISHI_PLACE_NSS || place->path == NULL)
        return;
    directory = g_path_get_dirname(place->path);
    if (g_file_test(directory, G_FILE_TEST_IS_DIR) &&
        (profile == NULL || is_profile(place, directory, profile)))
        (void)meishi_haul_add_place(haul, place->title, directory);
}

static void
fail_none(const char *title, const char *profile, GPtrArray *places, GError **error)
{
    g_autoptr(GString) others = g_string_new(NULL);

    for (guint i = 0; profile != NULL && i < places->len; i++) {
        const MeishiPlace *place = places->pdata[i];

        if (place->kind == MEISHI_PLACE_NSS)
            g_string_append_printf(others, "%s%s",
                                   others->len > 0 ? "; " : " There is: ", place->title);
    }
    if (profile == NULL)
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND,
                    "%s has no profile with certificates in this home. Where it is elsewhere, name "
                    "its directory: meishi import --from nssdb DIRECTORY",
                    title);
    else
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND, "%s has no profile “%s”.%s", title,
                    profile, others->str);
}

gboolean
meishi_nss_places_add(MeishiHaul *haul, const char *program, const char *profile, GError **error)
{
    g_autoptr(MeishiSurroundings) around = new_surroundings();
    g_autoptr(GPtrArray) places = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_place_free);
    gsize index = index_of(program);

    programs[index].find(around, places);
    for (guint i = 0; i < places->len; i++)
        add_place(haul, places->pdata[i], profile);
    if (haul->places->len == 0)
        fail_none(programs[index].title, profile, places, error);
    return haul->places->len > 0;
}
