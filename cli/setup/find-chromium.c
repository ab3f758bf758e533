/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Chromium and its kin share one NSS database.  It is ~/.pki/nssdb where that is there; where it is
 * not, versions of 2025 and later use $XDG_DATA_HOME/pki/nssdb.
 */
#include "cli/setup/find-nss.h"
#include "cli/setup/find.h"
#include "cli/setup/in-use.h"

static const char *const commands[] = {
    "chromium",      "chromium-browser", "google-chrome", "google-chrome-stable",
    "brave-browser", "microsoft-edge",   "vivaldi",       "opera",
};

/* Below the configuration: where each of them has its lock. */
static const char *const configs[] = {
    "chromium",       "google-chrome", "BraveSoftware/Brave-Browser",
    "microsoft-edge", "vivaldi",       "opera",
};

static const struct {
    const char *app;
    const char *name;
    const char *config;
} flatpaks[] = {
    {"org.chromium.Chromium", "Chromium", "chromium"},
    {"io.github.ungoogled_software.ungoogled_chromium", "Chromium (ungoogled)", "chromium"},
    {"com.google.Chrome", "Chrome", "google-chrome"},
    {"com.brave.Browser", "Brave", "BraveSoftware/Brave-Browser"},
    {"com.microsoft.Edge", "Edge", "microsoft-edge"},
    {"com.vivaldi.Vivaldi", "Vivaldi", "vivaldi"},
    {"com.opera.Opera", "Opera", "opera"},
};

static gboolean
is_dir(const char *path)
{
    return g_file_test(path, G_FILE_TEST_IS_DIR);
}

static gboolean
is_installed(const MeishiSurroundings *around)
{
    for (gsize i = 0; i < G_N_ELEMENTS(commands); i++) {
        g_autofree char *command = meishi_surroundings_find_program(around, commands[i]);

        if (command != NULL)
            return TRUE;
    }
    return FALSE;
}

static void
note_lock(const MeishiSurroundings *around, const char *base, const char *config,
          MeishiPlace *place)
{
    g_autofree char *dir = g_build_filename(base, config, NULL);

    if (place != NULL && place->in_use_by == NULL)
        place->in_use_by = meishi_in_use_chromium(around->proc, dir);
}

static void
add_native(const MeishiSurroundings *around, const char *dir, GPtrArray *places)
{
    static const MeishiNssUser user = {"chromium", "Chromium", MEISHI_SANDBOX_NONE, NULL};
    MeishiPlace *place = meishi_find_nss_add(around, &user, dir, NULL, places);

    for (gsize i = 0; i < G_N_ELEMENTS(configs); i++)
        note_lock(around, around->config, configs[i], place);
}

/* Where there is none yet, the one that all versions will find. */
static void
find_native(const MeishiSurroundings *around, GPtrArray *places)
{
    g_autofree char *old = g_build_filename(around->home, ".pki", "nssdb", NULL);
    g_autofree char *new = g_build_filename(around->data, "pki", "nssdb", NULL);
    gboolean has_old = is_dir(old), has_new = is_dir(new);

    if (has_old || (!has_new && is_installed(around)))
        add_native(around, old, places);
    if (has_new)
        add_native(around, new, places);
}

/* A Flatpak has ~/.pki only where its manifest says so, and then it is there once it has run. */
static void
find_flatpak(const MeishiSurroundings *around, gsize index, GPtrArray *places)
{
    const MeishiNssUser user = {"chromium", flatpaks[index].name, MEISHI_SANDBOX_FLATPAK,
                                flatpaks[index].app};
    g_autofree char *home = g_build_filename(around->home, ".var", "app", user.app, NULL);
    g_autofree char *pki = g_build_filename(home, ".pki", NULL);
    g_autofree char *config = g_build_filename(home, "config", NULL);
    g_autofree char *dir = is_dir(pki) ? g_build_filename(pki, "nssdb", NULL)
                                       : g_build_filename(home, "data", "pki", "nssdb", NULL);

    if (!is_dir(home))
        return;
    meishi_find_nss_add_library(around, &user, places);
    note_lock(around, config, flatpaks[index].config,
              meishi_find_nss_add(around, &user, dir, NULL, places));
}

static void
find_snap(const MeishiSurroundings *around, GPtrArray *places)
{
    static const MeishiNssUser user = {"chromium", "Chromium", MEISHI_SANDBOX_SNAP, "chromium"};
    g_autofree char *home = g_build_filename(around->home, "snap", "chromium", "current", NULL);
    g_autofree char *dir = g_build_filename(home, ".pki", "nssdb", NULL);

    if (is_dir(home))
        (void)meishi_find_nss_add(around, &user, dir, NULL, places);
}

void
meishi_find_chromium(const MeishiSurroundings *around, GPtrArray *places)
{
    find_native(around, places);
    for (gsize i = 0; i < G_N_ELEMENTS(flatpaks); i++)
        find_flatpak(around, i, places);
    find_snap(around, places);
}
