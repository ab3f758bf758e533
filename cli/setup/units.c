/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * systemctl --global, which writes links below /etc/systemd/user and starts nothing.
 */
#include "cli/setup/units.h"

#include "daemon/base/error.h"

#include <string.h>

static gboolean
run(const MeishiSurroundings *around, const char *verb, GError **error)
{
    g_autofree char *root = g_strconcat("--root=", around->root, NULL);
    const char *argv[] = {"systemctl",          "--quiet", "--global", verb, "meishid.socket",
                          "meishid-bus.socket", NULL,      NULL};
    g_autofree char *said = NULL;
    int status;

    if (around->root[0] != '\0')
        argv[6] = root;
    if (!g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL,
                      NULL, NULL, NULL, &said, &status, error))
        return FALSE;
    if (g_spawn_check_wait_status(status, NULL))
        return TRUE;
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_FAILED, "systemctl --global %s: %s", verb,
                g_strstrip(said));
    return FALSE;
}

static gboolean
note(MeishiJournal *journal, const MeishiPlace *place, GError **error)
{
    MeishiJournalEntry *entry = meishi_journal_new_entry(journal, place->path);

    entry->kind = MEISHI_PLACE_UNITS;
    entry->program = g_strdup(place->program);
    entry->title = g_strdup(place->title);
    entry->before = g_strdup("absent");
    return meishi_journal_write(journal, entry, NULL, error);
}

gboolean
meishi_units_enable(const MeishiSurroundings *around, MeishiJournal *journal,
                    const MeishiPlace *place, GError **error)
{
    g_autofree char *dir = g_path_get_dirname(place->path);

    if (journal == NULL)
        return TRUE;
    if (!meishi_journal_make_dir(journal, dir, error) || !note(journal, place, error) ||
        !run(around, "preset", error))
        return FALSE;
    if (g_file_test(place->path, G_FILE_TEST_IS_SYMLINK))
        return TRUE;
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_DENIED,
                "This system's presets do not enable meishid.socket; each person enables it with "
                "`systemctl --user enable --now meishid.socket`.");
    return FALSE;
}

gboolean
meishi_units_disable(const MeishiSurroundings *around, gboolean is_dry, GError **error)
{
    return is_dry || run(around, "disable", error);
}
