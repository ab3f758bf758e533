/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One change that setup made, or was about to make: enough to take it back.  A value.
 */
#pragma once

#include "cli/setup/file-replace.h"
#include "cli/setup/place.h"

typedef struct {
    char *path;            /* without the root that it lies below */
    gboolean is_directory; /* one that setup made; what follows is for files */
    MeishiPlaceKind kind;
    char *program;
    char *title;
    char *before;        /* digest; "absent" */
    GPtrArray *after;    /* digests of what setup wrote there (char *) */
    MeishiFileLook look; /* before, with its time */
} MeishiJournalEntry;

MeishiJournalEntry *meishi_journal_entry_new(const char *path);
void meishi_journal_entry_free(MeishiJournalEntry *entry); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiJournalEntry, meishi_journal_entry_free)

/* Whether setup wrote what has this digest. */
gboolean meishi_journal_entry_has_written(const MeishiJournalEntry *entry, const char *digest);
void meishi_journal_entry_add_written(MeishiJournalEntry *entry, const char *digest);

/* As text of a file, and back: BAD_FILE, NEWER_VERSION. */
char *meishi_journal_entry_format(const MeishiJournalEntry *entry);
MeishiJournalEntry *
meishi_journal_entry_parse(const char *text, gsize len, GError **error) G_GNUC_WARN_UNUSED_RESULT;
