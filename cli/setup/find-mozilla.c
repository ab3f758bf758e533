/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Firefox and Thunderbird: the profiles that profiles.ini names, in each of the places that the
 * package, the Flatpak and the Snap have for it.
 */
#include "cli/setup/file-state.h"
#include "cli/setup/find-nss.h"
#include "cli/setup/find.h"
#include "cli/setup/firefox-policies.h"
#include "cli/setup/policies-place.h"
#include "cli/setup/profiles-ini.h"

/* Below the home, but for BELOW_CONFIG: below $XDG_CONFIG_HOME. */
typedef struct {
    MeishiSandbox sandbox;
    gboolean below_config;
    const char *dir;
    const char *app;
} Shelf;

typedef struct {
    const char *program;
    const char *name;
    const char *const *commands;
    const Shelf *shelves;
} Mozilla;

/* Firefox 147 and later use the first where the second is not there. */
static const Shelf firefox_shelves[] = {
    {MEISHI_SANDBOX_NONE, TRUE, "mozilla/firefox", NULL},
    {MEISHI_SANDBOX_NONE, FALSE, ".mozilla/firefox", NULL},
    {MEISHI_SANDBOX_FLATPAK, FALSE, ".var/app/org.mozilla.firefox/.mozilla/firefox",
     "org.mozilla.firefox"},
    {MEISHI_SANDBOX_FLATPAK, FALSE, ".var/app/org.mozilla.firefox/config/mozilla/firefox",
     "org.mozilla.firefox"},
    {MEISHI_SANDBOX_SNAP, FALSE, "snap/firefox/common/.mozilla/firefox", "firefox"},
    {.dir = NULL},
};

static const Shelf thunderbird_shelves[] = {
    {MEISHI_SANDBOX_NONE, TRUE, "thunderbird", NULL},
    {MEISHI_SANDBOX_NONE, FALSE, ".thunderbird", NULL},
    {MEISHI_SANDBOX_FLATPAK, FALSE, ".var/app/org.mozilla.Thunderbird/.thunderbird",
     "org.mozilla.Thunderbird"},
    {MEISHI_SANDBOX_FLATPAK, FALSE, ".var/app/org.mozilla.thunderbird/.thunderbird",
     "org.mozilla.thunderbird"},
    {MEISHI_SANDBOX_SNAP, FALSE, "snap/thunderbird/common/.thunderbird", "thunderbird"},
    {.dir = NULL},
};

static const char *const firefox_commands[] = {"firefox", "firefox-esr", NULL};
static const char *const thunderbird_commands[] = {"thunderbird", NULL};

static const Mozilla firefox = {"firefox", "Firefox", firefox_commands, firefox_shelves};
static const Mozilla thunderbird = {"thunderbird", "Thunderbird", thunderbird_commands,
                                    thunderbird_shelves};

static void
add_profiles(const MeishiSurroundings *around, const MeishiNssUser *user, const char *dir,
             GPtrArray *places)
{
    g_autofree char *path = g_build_filename(dir, "profiles.ini", NULL);
    g_autoptr(MeishiFileState) file = meishi_file_state_read(path, "", NULL);
    g_autofree char *text = file != NULL ? meishi_file_state_text(file, NULL) : NULL;
    g_autoptr(GPtrArray) profiles = text != NULL ? meishi_profiles_ini_parse(text, dir) : NULL;
    gboolean has_library = FALSE;

    for (guint i = 0; profiles != NULL && i < profiles->len; i++) {
        const MeishiProfile *profile = profiles->pdata[i];
        g_autofree char *which = g_strconcat("profile ", profile->name, NULL);

        if (!g_file_test(profile->path, G_FILE_TEST_IS_DIR))
            continue;
        if (!has_library)
            meishi_find_nss_add_library(around, user, places);
        has_library = TRUE;
        (void)meishi_find_nss_add(around, user, profile->path, which, places);
    }
}

static gboolean
is_installed(const MeishiSurroundings *around, const Mozilla *mozilla)
{
    for (guint i = 0; mozilla->commands[i] != NULL; i++) {
        g_autofree char *command = meishi_surroundings_find_program(around, mozilla->commands[i]);

        if (command != NULL)
            return TRUE;
    }
    return FALSE;
}

/* A profile is made by the program's first start, under a name that only it knows. */
static void
add_unborn(const MeishiSurroundings *around, const Mozilla *mozilla, GPtrArray *places)
{
    MeishiPlace *place = meishi_place_new(MEISHI_PLACE_NOTHING, mozilla->program, mozilla->name);

    place->state = MEISHI_PLACE_ADVICE;
    place->wanted = g_strdup(around->module);
    place->detail = g_strdup_printf(
        "It has no profile yet: start it once, close it, then run `meishi setup %s`.",
        mozilla->program);
    g_ptr_array_add(places, place);
}

static void
find(const MeishiSurroundings *around, const Mozilla *mozilla, GPtrArray *places)
{
    guint before = places->len;

    for (const Shelf *shelf = mozilla->shelves; shelf->dir != NULL; shelf++) {
        const char *base = shelf->below_config ? around->config : around->home;
        g_autofree char *dir = g_build_filename(base, shelf->dir, NULL);
        const MeishiNssUser user = {mozilla->program, mozilla->name, shelf->sandbox, shelf->app};

        add_profiles(around, &user, dir, places);
    }
    if (places->len == before && is_installed(around, mozilla))
        add_unborn(around, mozilla, places);
}

/* What an administrator gave to everybody is not done again in a profile; Flatpaks do not see it.
 */
static void
note_policies(const MeishiSurroundings *around, GPtrArray *places, guint from)
{
    g_autofree char *path = meishi_policies_place_path(around);
    g_autofree char *module = meishi_policies_place_module(path);

    for (guint i = from; module != NULL && i < places->len; i++) {
        MeishiPlace *place = places->pdata[i];
        gboolean is_open = meishi_place_is_to_do(place) || place->state == MEISHI_PLACE_ADVICE;

        if (place->sandbox != NULL || !is_open || !meishi_file_state_is_same(module, place->wanted))
            continue;
        place->state = MEISHI_PLACE_READY;
        g_free(place->module);
        place->module = g_strdup(module);
        g_free(place->detail);
        place->detail = g_strdup_printf("Loaded for all users: %s.", path);
        g_clear_pointer(&place->hint, g_free);
    }
}

void
meishi_find_firefox(const MeishiSurroundings *around, GPtrArray *places)
{
    guint from = places->len;

    find(around, &firefox, places);
    note_policies(around, places, from);
}

void
meishi_find_thunderbird(const MeishiSurroundings *around, GPtrArray *places)
{
    find(around, &thunderbird, places);
}

void
meishi_find_libreoffice(const MeishiSurroundings *around, GPtrArray *places)
{
    g_autofree char *command = meishi_surroundings_find_program(around, "soffice");
    MeishiPlace *place;

    if (command == NULL)
        return;
    place = meishi_place_new(MEISHI_PLACE_NOTHING, "libreoffice", "LibreOffice");
    place->state = MEISHI_PLACE_ADVICE;
    place->wanted = g_strdup(around->module);
    place->detail = g_strdup("LibreOffice uses the certificates of a Firefox or Thunderbird "
                             "profile: Tools, Options, Security, Certificate.");
    g_ptr_array_add(places, place);
}
