/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Taking one change back.  A file that is as setup left it becomes what it was, byte for byte; of
 * one that others have changed since only what is ours is taken out, or nothing where that cannot
 * be told apart.
 */
#include "cli/setup/apply.h"

#include "cli/setup/in-use.h"
#include "cli/setup/place-text.h"
#include "cli/setup/units.h"

#include <string.h>

typedef struct {
    const MeishiSurroundings *around;
    MeishiJournal *journal;
    MeishiJournalEntry *entry;
    gboolean is_dry;
} Undo;

static gboolean
was_absent(const Undo *undo)
{
    return strcmp(undo->entry->before, "absent") == 0;
}

static gboolean
write_back(const Undo *undo, const MeishiFileState *file, GBytes *bytes, const MeishiFileLook *look,
           GError **error)
{
    return undo->is_dry || meishi_file_replace(file, bytes, look, error);
}

static gboolean
restore(const Undo *undo, const MeishiFileState *file, GError **error)
{
    g_autoptr(GBytes) before = NULL;

    return meishi_journal_read_before(undo->journal, undo->entry, &before, error) &&
           write_back(undo, file, before, &undo->entry->look, error);
}

/* The file stays as others left it, in its mode and owner, too. */
static gboolean
take_out(const Undo *undo, const MeishiFileState *file, GError **error)
{
    g_autoptr(GBytes) without = meishi_place_text_without(undo->entry->kind, file, error);
    MeishiFileLook look;

    if (without == NULL)
        return FALSE;
    if (g_bytes_equal(without, file->bytes))
        return TRUE;
    meishi_file_look_init(&look, &file->st);
    if (g_bytes_get_size(without) == 0 && was_absent(undo))
        return write_back(undo, file, NULL, &look, error);
    return write_back(undo, file, without, &look, error);
}

/* A file that is gone, or what it was before, needs nothing. */
static gboolean
undo_file(const Undo *undo, MeishiOutcome *outcome, GError **error)
{
    g_autoptr(MeishiFileState) file =
        meishi_file_state_read(outcome->path, undo->around->root, error);
    g_autofree char *now = file != NULL ? meishi_file_state_digest(file->bytes) : NULL;

    if (file == NULL)
        return FALSE;
    if (!undo->is_dry)
        meishi_file_replace_clean(file->path);
    if (file->bytes == NULL || strcmp(now, undo->entry->before) == 0)
        return TRUE;
    if (meishi_journal_entry_has_written(undo->entry, now))
        return restore(undo, file, error);
    outcome->kind = MEISHI_OUTCOME_TAKEN_OUT;
    outcome->message = g_strdup("It was changed by somebody else since; only what is Meishi's "
                                "was taken out.");
    return take_out(undo, file, error);
}

static gboolean
undo_entry(const Undo *undo, MeishiOutcome *outcome, GError **error)
{
    if (undo->entry->kind == MEISHI_PLACE_UNITS)
        return meishi_units_disable(undo->around, undo->is_dry, error);
    return undo_file(undo, outcome, error);
}

/* A browser writes its list when it ends; a library cannot be changed under it either. */
static char *
find_holder(const Undo *undo, const char *path)
{
    g_autofree char *dir = g_path_get_dirname(path);

    return undo->entry->kind == MEISHI_PLACE_NSS ? meishi_in_use_nss(undo->around->proc, dir)
                                                 : NULL;
}

static void
fail(MeishiOutcome *outcome, MeishiOutcomeKind kind, char *message)
{
    outcome->kind = kind;
    g_free(outcome->message);
    outcome->message = message;
}

MeishiOutcome *
meishi_apply_undo(const MeishiSurroundings *around, MeishiJournal *journal,
                  MeishiJournalEntry *entry, gboolean is_dry)
{
    const Undo undo = {around, journal, entry, is_dry};
    g_autofree char *path = meishi_journal_path(journal, entry);
    MeishiOutcome *outcome =
        meishi_outcome_new(MEISHI_OUTCOME_RESTORED, entry->program, entry->title, path);
    g_autofree char *holder = find_holder(&undo, path);
    g_autoptr(GError) error = NULL;

    if (holder != NULL)
        fail(outcome, MEISHI_OUTCOME_BUSY,
             g_strdup_printf("Close %s first: it has the file open.", holder));
    else if (!undo_entry(&undo, outcome, &error))
        fail(outcome, MEISHI_OUTCOME_FAILED, g_strdup(error->message));
    else if (!is_dry)
        meishi_journal_forget(journal, entry);
    return outcome;
}
