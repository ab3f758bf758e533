/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The user socket, enabled for everybody.  systemd is told to apply its presets, so that an
 * administrator's preset decides; nothing is started.
 */
#include "cli/setup/find.h"

#define UNIT    "meishid.socket"
#define ENABLED "/etc/systemd/user/sockets.target.wants/" UNIT

/* Where systemd looks for user units of all users. */
static const char *const unit_dirs[] = {
    "/etc/systemd/user",
    "/usr/local/lib/systemd/user",
    "/usr/lib/systemd/user",
};

static gboolean
has_unit(const MeishiSurroundings *around)
{
    for (gsize i = 0; i < G_N_ELEMENTS(unit_dirs); i++) {
        g_autofree char *inner = g_build_filename(unit_dirs[i], UNIT, NULL);
        g_autofree char *path = meishi_surroundings_system_path(around, inner);

        if (g_file_test(path, G_FILE_TEST_EXISTS))
            return TRUE;
    }
    return FALSE;
}

void
meishi_find_units(const MeishiSurroundings *around, GPtrArray *places)
{
    g_autofree char *systemctl = g_find_program_in_path("systemctl");
    MeishiPlace *place;

    if (systemctl == NULL)
        return;
    place = meishi_place_new(MEISHI_PLACE_UNITS, "systemd", "systemd, the socket of all users");
    place->path = meishi_surroundings_system_path(around, ENABLED);
    place->wanted = g_strdup(around->module);
    g_ptr_array_add(places, place);
    if (g_file_test(place->path, G_FILE_TEST_IS_SYMLINK))
        return;
    place->state = MEISHI_PLACE_MISSING;
    if (has_unit(around))
        return;
    place->state = MEISHI_PLACE_BROKEN;
    place->detail =
        g_strdup("systemd does not look for units where Meishi was installed; link " UNIT
                 ", meishid-bus.socket and meishid.service into /etc/systemd/user.");
}
