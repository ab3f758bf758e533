/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Firefox for all users: one entry in the policies that are in force.
 */
#include "cli/setup/file-state.h"
#include "cli/setup/find.h"
#include "cli/setup/firefox-policies.h"
#include "cli/setup/policies-place.h"

static void
judge(MeishiPlace *place, const MeishiSurroundings *around)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiFileState) file = meishi_file_state_read(place->path, around->root, &error);
    g_autofree char *text = file != NULL ? meishi_file_state_text(file, &error) : NULL;

    if (text == NULL || !meishi_firefox_policies_find(text, &place->module, &error)) {
        place->state = MEISHI_PLACE_BROKEN;
        place->detail = g_strdup_printf("%s: %s", place->path, error->message);
    } else if (place->module == NULL) {
        place->state = MEISHI_PLACE_MISSING;
    } else if (g_strcmp0(place->module, place->wanted) != 0) {
        place->state = MEISHI_PLACE_STALE;
    }
}

static gboolean
is_installed(const MeishiSurroundings *around)
{
    g_autofree char *plain = meishi_surroundings_find_program(around, "firefox");
    g_autofree char *esr = meishi_surroundings_find_program(around, "firefox-esr");

    return plain != NULL || esr != NULL;
}

void
meishi_find_policies(const MeishiSurroundings *around, GPtrArray *places)
{
    MeishiPlace *place;

    if (!is_installed(around))
        return;
    place = meishi_place_new(MEISHI_PLACE_POLICIES, "firefox", "Firefox, for all users");
    place->path = meishi_policies_place_path(around);
    place->wanted = g_strdup(around->module);
    judge(place, around);
    g_ptr_array_add(places, place);
}
