/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What setup did, on disk before it is done, one file for each change and one with what was there
 * before.  Held by one process at a time.
 */
#pragma once

#include "cli/setup/journal-entry.h"
#include "cli/setup/surroundings.h"

typedef struct MeishiJournal MeishiJournal;

/* Opens the journal of @around, which makes its directory, and waits for whoever has it.  What
 * cannot be read there is an error: it may be undone by a newer version only. */
MeishiJournal *
meishi_journal_open(const MeishiSurroundings *around, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* NULL without an error where setup has never done anything. */
MeishiJournal *meishi_journal_open_existing(const MeishiSurroundings *around,
                                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Lets go of it; one in which nothing is left disappears, with the directories that were made for
 * it. */
void meishi_journal_close(MeishiJournal *journal);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiJournal, meishi_journal_close)

/* Files that were changed (MeishiJournalEntry, borrowed), by path; without directories. */
GPtrArray *meishi_journal_list(MeishiJournal *journal);

/* The change of the file @path (as it is on this machine, with the root); borrowed, or NULL. */
MeishiJournalEntry *meishi_journal_find(MeishiJournal *journal, const char *path);

/* An entry for @path, not written yet. */
MeishiJournalEntry *meishi_journal_new_entry(MeishiJournal *journal, const char *path);

/* The path of @entry on this machine; new. */
char *meishi_journal_path(MeishiJournal *journal, const MeishiJournalEntry *entry);

/* Writes @entry, owned by the journal from then on, in the place of what it had for the path.
 * @before: what was there, unless the journal has it already. */
gboolean meishi_journal_write(MeishiJournal *journal, MeishiJournalEntry *entry, GBytes *before,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What was there before @entry's change, or NULL without an error where nothing was. */
gboolean meishi_journal_read_before(MeishiJournal *journal, const MeishiJournalEntry *entry,
                                    GBytes **ret_before, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Drops the entry; it has been undone. */
void meishi_journal_forget(MeishiJournal *journal, MeishiJournalEntry *entry);

/* Makes @dir with its parents, noting first those that are missing. */
gboolean meishi_journal_make_dir(MeishiJournal *journal, const char *dir,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Removes directories that were made and have nothing in them any more. */
void meishi_journal_remove_dirs(MeishiJournal *journal);
