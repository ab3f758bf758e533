/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Judges an NSS database by its pkcs11.txt.  A Flatpak does not see the host's /usr, but its own
 * directory below ~/.var/app under the same name; the module needs only libc, so that a copy there
 * can be loaded.  A Snap sees neither that nor the socket.
 */
#include "cli/setup/find-nss.h"

#include "cli/setup/file-state.h"
#include "cli/setup/in-use.h"
#include "cli/setup/nss-modules.h"

#define LIST "pkcs11.txt"

static char *
dup_title(const MeishiNssUser *user, const char *which)
{
    static const char *const kinds[] = {
        [MEISHI_SANDBOX_NONE] = "",
        [MEISHI_SANDBOX_FLATPAK] = " (Flatpak)",
        [MEISHI_SANDBOX_SNAP] = " (Snap)",
    };

    return g_strconcat(user->name, kinds[user->sandbox], which != NULL ? ", " : "", which, NULL);
}

static char *
dup_sandbox(const MeishiNssUser *user)
{
    if (user->sandbox == MEISHI_SANDBOX_NONE)
        return NULL;
    return g_strconcat(user->sandbox == MEISHI_SANDBOX_FLATPAK ? "flatpak:" : "snap:", user->app,
                       NULL);
}

/* All that an application in a Flatpak has in the home, unless it was given more; NULL for others.
 */
static char *
dup_own_dir(const MeishiSurroundings *around, const MeishiNssUser *user)
{
    if (user->sandbox != MEISHI_SANDBOX_FLATPAK)
        return NULL;
    return g_build_filename(around->home, ".var", "app", user->app, NULL);
}

static MeishiPlace *
new_place(const MeishiSurroundings *around, const MeishiNssUser *user, MeishiPlaceKind kind,
          const char *which)
{
    g_autofree char *title = dup_title(user, which);
    MeishiPlace *place = meishi_place_new(kind, user->program, title);

    place->sandbox = dup_sandbox(user);
    place->within = dup_own_dir(around, user);
    place->wanted = place->within != NULL ? g_build_filename(place->within, "data", "meishi",
                                                             "meishi-pkcs11.so", NULL)
                                          : g_strdup(around->module);
    return place;
}

/* ---- databases ------------------------------------------------------------------------------- */

/* The database that NSS had before 2010 has no pkcs11.txt. */
static gboolean
is_legacy(const char *dir)
{
    g_autofree char *old = g_build_filename(dir, "cert8.db", NULL);
    g_autofree char *new = g_build_filename(dir, "cert9.db", NULL);

    return g_file_test(old, G_FILE_TEST_EXISTS) && !g_file_test(new, G_FILE_TEST_EXISTS);
}

static void
judge_list(MeishiPlace *place, const char *text)
{
    g_auto(GStrv) ours = meishi_nss_modules_find(text);

    place->state = ours[0] != NULL ? MEISHI_PLACE_READY : MEISHI_PLACE_MISSING;
    for (guint i = 0; ours[i] != NULL; i++) {
        gboolean is_wanted = meishi_file_state_is_same(ours[i], place->wanted);

        if (is_wanted && place->state == MEISHI_PLACE_STALE)
            continue;
        g_free(place->module);
        place->module = g_strdup(ours[i]);
        if (!is_wanted)
            place->state = MEISHI_PLACE_STALE;
    }
}

static void
judge(MeishiPlace *place, const char *dir)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiFileState) file =
        meishi_file_state_read(place->path, place->within != NULL ? place->within : "", &error);
    g_autofree char *text = file != NULL ? meishi_file_state_text(file, &error) : NULL;

    if (text == NULL) {
        place->state = MEISHI_PLACE_BROKEN;
        place->detail = g_strdup(error->message);
    } else if (file->bytes == NULL && is_legacy(dir)) {
        place->state = MEISHI_PLACE_BROKEN;
        place->detail =
            g_strdup_printf("The database in %s is of an old kind; start the program once, which "
                            "renews it, and run setup again.",
                            dir);
    } else {
        judge_list(place, text);
    }
}

static void
judge_sandbox(MeishiPlace *place, const MeishiNssUser *user)
{
    if (user->sandbox == MEISHI_SANDBOX_SNAP) {
        place->state = MEISHI_PLACE_UNREACHABLE;
        place->detail = g_strdup_printf(
            "A Snap cannot reach Meishi: use %s as a package or Flatpak.", user->name);
    } else if (user->sandbox == MEISHI_SANDBOX_FLATPAK) {
        place->hint =
            g_strdup_printf("flatpak override --user --filesystem=xdg-run/meishi:ro %s", user->app);
    }
}

static gboolean
is_listed(GPtrArray *places, const char *path)
{
    for (guint i = 0; i < places->len; i++) {
        const MeishiPlace *place = places->pdata[i];

        if (place->path != NULL && meishi_file_state_is_same(place->path, path))
            return TRUE;
    }
    return FALSE;
}

MeishiPlace *
meishi_find_nss_add(const MeishiSurroundings *around, const MeishiNssUser *user, const char *dir,
                    const char *which, GPtrArray *places)
{
    g_autofree char *path = g_build_filename(dir, LIST, NULL);
    MeishiPlace *place;

    if (is_listed(places, path))
        return NULL;
    place = new_place(around, user, MEISHI_PLACE_NSS, which);
    place->path = g_steal_pointer(&path);
    judge(place, dir);
    judge_sandbox(place, user);
    place->in_use_by = meishi_in_use_nss(around->proc, dir);
    g_ptr_array_add(places, place);
    return place;
}

/* ---- copies ---------------------------------------------------------------------------------- */

void
meishi_find_nss_add_library(const MeishiSurroundings *around, const MeishiNssUser *user,
                            GPtrArray *places)
{
    g_autoptr(MeishiFileState) original = NULL, copy = NULL;
    g_autoptr(GError) error = NULL;
    MeishiPlace *place;

    if (user->sandbox != MEISHI_SANDBOX_FLATPAK)
        return;
    place = new_place(around, user, MEISHI_PLACE_LIBRARY, "copy of the module");
    place->path = g_strdup(place->wanted);
    g_ptr_array_add(places, place);
    original = meishi_file_state_read(around->module, "", &error);
    copy = original != NULL ? meishi_file_state_read(place->path, place->within, &error) : NULL;
    if (copy == NULL || original->bytes == NULL) {
        place->state = MEISHI_PLACE_BROKEN;
        place->detail = g_strdup(error != NULL ? error->message : "The module is gone.");
        return;
    }
    place->whole = g_bytes_ref(original->bytes);
    place->module = copy->bytes != NULL ? g_strdup(copy->path) : NULL;
    if (copy->bytes == NULL)
        place->state = MEISHI_PLACE_MISSING;
    else if (!g_bytes_equal(copy->bytes, original->bytes))
        place->state = MEISHI_PLACE_STALE;
}
