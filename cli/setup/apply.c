/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One change: what the file should be, what undoes it into the journal, then the file.
 */
#include "cli/setup/apply.h"

#include "cli/setup/place-text.h"
#include "cli/setup/units.h"
#include "daemon/base/error.h"

#include <string.h>

/* ---- what was there before ------------------------------------------------------------------ */

/* What undo has to bring back for @file, on which setup has been before: nobody but us has written
 * since (then that is in the journal already: *@ret_is_known), or what others made of it, without
 * what is ours. */
static void
find_base(const MeishiJournalEntry *known, const MeishiFileState *file, gboolean *ret_is_known,
          GBytes **ret_base)
{
    g_autofree char *now = meishi_file_state_digest(file->bytes);
    g_autoptr(GBytes) without = NULL;

    *ret_is_known = known != NULL && meishi_journal_entry_has_written(known, now);
    *ret_base = NULL;
    if (*ret_is_known || file->bytes == NULL)
        return;
    if (known != NULL)
        without = meishi_place_text_without(known->kind, file, NULL);
    if (without != NULL && g_bytes_get_size(without) == 0 && strcmp(known->before, "absent") == 0)
        return;
    *ret_base = without != NULL ? g_steal_pointer(&without) : g_bytes_ref(file->bytes);
}

static MeishiJournalEntry *
new_entry(MeishiJournal *journal, const MeishiPlace *place, const MeishiFileState *file,
          GBytes *base)
{
    MeishiJournalEntry *entry = meishi_journal_new_entry(journal, file->path);

    entry->kind = place->kind;
    entry->program = g_strdup(place->program);
    entry->title = g_strdup(place->title);
    entry->before = meishi_file_state_digest(base);
    if (file->bytes != NULL) {
        meishi_file_look_init(&entry->look, &file->st);
        entry->look.time = file->st.st_mtim;
    }
    return entry;
}

/* Everything that undo needs, on disk. */
static gboolean
note(MeishiJournal *journal, const MeishiPlace *place, const MeishiFileState *file, GBytes *wanted,
     GError **error)
{
    MeishiJournalEntry *entry = meishi_journal_find(journal, file->path);
    g_autofree char *digest = meishi_file_state_digest(wanted);
    g_autoptr(GBytes) base = NULL;
    gboolean is_known;

    find_base(entry, file, &is_known, &base);
    if (!is_known)
        entry = new_entry(journal, place, file, base);
    meishi_journal_entry_add_written(entry, digest);
    return meishi_journal_write(journal, entry, base, error);
}

/* ---- doing ----------------------------------------------------------------------------------- */

static gboolean
write_place(const MeishiSurroundings *around, MeishiJournal *journal, const MeishiPlace *place,
            GError **error)
{
    g_autoptr(MeishiFileState) file = meishi_file_state_read(
        place->path, place->within != NULL ? place->within : around->root, error);
    g_autoptr(GBytes) wanted = file != NULL ? meishi_place_text_make(place, file, error) : NULL;
    g_autofree char *dir = NULL;
    MeishiFileLook look;

    if (wanted == NULL || !meishi_file_replace_check(file, error))
        return FALSE;
    if (journal == NULL)
        return TRUE;
    dir = g_path_get_dirname(file->path);
    if (!note(journal, place, file, wanted, error) || !meishi_journal_make_dir(journal, dir, error))
        return FALSE;
    if (file->bytes != NULL)
        meishi_file_look_init(&look, &file->st);
    else
        meishi_file_look_init_new(&look, meishi_place_text_mode(place->kind, around->is_system));
    return meishi_file_replace(file, wanted, &look, error);
}

static gboolean
do_place(const MeishiSurroundings *around, MeishiJournal *journal, const MeishiPlace *place,
         GError **error)
{
    if (place->kind == MEISHI_PLACE_UNITS)
        return meishi_units_enable(around, journal, place, error);
    return write_place(around, journal, place, error);
}

/* What there is to say before anything is tried. */
static MeishiOutcomeKind
judge(const MeishiPlace *place, gboolean is_named)
{
    if (place->state == MEISHI_PLACE_READY)
        return MEISHI_OUTCOME_ALREADY;
    if (place->state == MEISHI_PLACE_BROKEN)
        return MEISHI_OUTCOME_FAILED;
    if (!meishi_place_is_to_do(place) || (!place->is_default && !is_named))
        return MEISHI_OUTCOME_LEFT;
    return place->in_use_by != NULL ? MEISHI_OUTCOME_BUSY : MEISHI_OUTCOME_DONE;
}

static char *
say_busy(const char *holder)
{
    return g_strdup_printf("Close %s first: it has the file open.", holder);
}

MeishiOutcome *
meishi_apply_place(const MeishiSurroundings *around, MeishiJournal *journal,
                   const MeishiPlace *place, gboolean is_named)
{
    MeishiOutcome *outcome =
        meishi_outcome_new(judge(place, is_named), place->program, place->title, place->path);
    g_autoptr(GError) error = NULL;

    outcome->hint = g_strdup(place->hint);
    outcome->is_usage = place->is_usage;
    if (outcome->kind == MEISHI_OUTCOME_BUSY) {
        outcome->message = say_busy(place->in_use_by);
    } else if (outcome->kind != MEISHI_OUTCOME_DONE) {
        outcome->message = g_strdup(place->detail);
    } else if (!do_place(around, journal, place, &error)) {
        outcome->kind = MEISHI_OUTCOME_FAILED;
        outcome->message = g_strdup(error->message);
    }
    return outcome;
}
