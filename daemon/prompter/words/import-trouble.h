/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiImportTrouble: why an import did not go on, and what to do about it.  Pure: an error in,
 * words out.  The heading and the advice are ours and in the person's language; beside them stands
 * what the daemon said, which knows the file.
 */
#pragma once

#include <glib.h>

typedef struct {
    char *heading;
    char *advice;
    char *detail;          /* the daemon's or the system's own sentence; NULL */
    gboolean may_retry;    /* the same again may succeed */
    gboolean may_password; /* another password may help */
} MeishiImportTrouble;

/* How far the import was. */
typedef struct {
    gboolean used_password; /* one was given */
    gboolean was_storing;   /* what was stored is not known where nobody answers any more */
} MeishiImportStage;

/* @error: MEISHI_ERROR, G_IO_ERROR about a file, else of the bus.  @file: the one that was opened;
 * NULL for several. */
MeishiImportTrouble *
meishi_import_trouble_new(const GError *error, const char *file, MeishiImportStage stage);
void meishi_import_trouble_free(MeishiImportTrouble *trouble); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiImportTrouble, meishi_import_trouble_free)
