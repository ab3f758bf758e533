/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiImportView: what the pages of an import say that show certificates: what the files hold and
 * what will be stored, and afterwards what was.  Pure: a report, where it goes and a time in, words
 * in the person's language out.  Every text of a certificate is cleaned and stands apart from ours.
 */
#pragma once

#include "daemon/asking/imported.h"

/* The vault, as far as the person has to know it. */
typedef enum {
    MEISHI_IMPORT_VAULT_OPEN,           /* or opens by itself */
    MEISHI_IMPORT_VAULT_LOCKED,         /* a passphrase opens it */
    MEISHI_IMPORT_VAULT_NEW_KEYRING,    /* there is none; the desktop's keyring will open it */
    MEISHI_IMPORT_VAULT_NEW_PASSPHRASE, /* there is none, and no keyring */
} MeishiImportVault;

typedef struct {
    gboolean is_warning;
    char *text;
} MeishiImportNote;

/* One certificate or key. */
typedef struct {
    char *title;
    char *summary;    /* its facts on one line, for where there are several */
    GPtrArray *facts; /* char *: name, value, name, value ... */
    GPtrArray *notes; /* MeishiImportNote */
} MeishiImportCard;

typedef struct {
    char *heading;
    char *text;          /* what comes of it; NULL */
    GPtrArray *cards;    /* MeishiImportCard: what is stored, or was */
    GPtrArray *others;   /* likewise: what is not */
    GPtrArray *notes;    /* MeishiImportNote */
    char *label;         /* what the only one is called, for the person to change; NULL */
    gboolean may_import; /* there is something to store */
} MeishiImportView;

/* Before: @imported is a dry run's; @files are the names of what was opened. */
MeishiImportView *meishi_import_view_plan(const MeishiImported *imported, MeishiImportVault vault,
                                          const char *const *files, gint64 now);

/* Afterwards.  @vault_made: "secret-service", "passphrase"; "" where there was a vault. */
MeishiImportView *
meishi_import_view_result(const MeishiImported *imported, const char *vault_made, gint64 now);

void meishi_import_view_free(MeishiImportView *view); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiImportView, meishi_import_view_free)
