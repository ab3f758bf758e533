/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiImported: the report of Manager.Import, read.  Facts for whoever puts them into words, the
 * command line or a window; which words is not known here.  What an older daemon does not say is
 * empty, never NULL.
 */
#pragma once

#include <glib.h>

typedef enum {
    MEISHI_IMPORTED_ADDED,       /* certificate and key */
    MEISHI_IMPORTED_KEY_ADDED,   /* a key whose certificate is still to come */
    MEISHI_IMPORTED_COMPLETED,   /* the certificate for a key that was here */
    MEISHI_IMPORTED_FURTHER,     /* another certificate for a key that has one */
    MEISHI_IMPORTED_UNCHANGED,   /* is here already */
    MEISHI_IMPORTED_ISSUER,      /* kept for a chain */
    MEISHI_IMPORTED_PASSED_OVER, /* not kept */
    MEISHI_IMPORTED_UNKNOWN,     /* a newer daemon's */
} MeishiImportedOutcome;

typedef struct {
    MeishiImportedOutcome outcome;
    gboolean is_identity; /* has to do with a key; issuers do not */
    const char *file, *id, *label, *key_of, *subject, *issuer, *key, *renews, *may_renew, *reason;
    gint64 not_before, not_after;               /* 0: has none */
    const char **chain, **warnings, **messages; /* subjects, names, sentences */
} MeishiImportedItem;

typedef struct {
    GVariant *report;
    gboolean is_dry_run;
    const char *vault_created, *vault_message;
    const char *token;              /* that it was written to; "": the vault */
    const char **warnings, **notes; /* sentences */
    guint n_file_notes;             /* of the notes, the first */
    GPtrArray *items;               /* MeishiImportedItem, identities first */
} MeishiImported;

/* @report: a{sv}; sunk. */
MeishiImported *meishi_imported_new(GVariant *report);
void meishi_imported_free(MeishiImported *imported); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiImported, meishi_imported_free)

/* How many items came out so. */
guint meishi_imported_count(const MeishiImported *imported, MeishiImportedOutcome outcome);

/* Which of @files (names as they were sent, NULL-terminated) wants a password: what the daemon says
 * then begins with the name.  NULL where that was shortened. */
const char *meishi_imported_refused(const char *const *files, const char *message);
