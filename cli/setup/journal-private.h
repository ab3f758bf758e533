/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the two halves of the journal share: journal.c has the files, journal-dirs.c the
 * directories.
 */
#pragma once

#include "cli/setup/journal.h"

struct MeishiJournal {
    char *root;
    char *dir;
    int fd; /* of dir, with the lock */
    gboolean is_system;
    gboolean is_loaded;
    GPtrArray *entries; /* MeishiJournalEntry */
};

/* Puts errno into words; FALSE. */
gboolean meishi_journal_fail(const char *path, GError **error);

/* The directories on the way to @dir that are not there, outermost first (char *). */
GPtrArray *meishi_journal_dirs_missing(const char *dir);

/* Notes that setup makes @path. */
gboolean meishi_journal_dirs_note(MeishiJournal *journal, const char *path,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether @path is the journal's directory, or one on the way to it. */
gboolean meishi_journal_dirs_is_own(MeishiJournal *journal, const char *path);

/* Removes the journal's directory, and those that were made for it. */
void meishi_journal_dirs_disappear(MeishiJournal *journal);
