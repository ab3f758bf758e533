/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What an import will do, worked out before anything is done: files that were read and what the
 * vault holds already go in; rows to store and a report go out.  A pure function but for the
 * signature checks, which the caller passes in, so that every case can be tried as a table.
 */
#pragma once

#include "daemon/agent/agent.h"
#include "daemon/policy/chain.h"

typedef struct {
    const char *name;           /* of the file, for messages */
    const MeishiBundle *bundle; /* what it holds */
} MeishiImportSource;

typedef struct {
    const MeishiImportSource *sources;
    gsize n_sources;
    GPtrArray *identities; /* MeishiIdentity: what the vault holds */
    GPtrArray *issuers;    /* MeishiCert: the issuers that it holds */
    const char *label;     /* MeishiImportOptions */
    gint64 now;
    MeishiChainVerify verify;
    gpointer verify_data;
} MeishiImportInput;

/* A key to store; sealing it is the caller's. */
typedef struct {
    MeishiSecret *pkcs8;
    GBytes *spki;
    char *label;
} MeishiImportKey;

typedef struct {
    GPtrArray *keys;     /* MeishiImportKey */
    GPtrArray *certs;    /* MeishiStoreNewCert; key_index is into keys */
    GPtrArray *issuers;  /* GBytes: issuers of identities that are there already */
    GPtrArray *items;    /* MeishiImportItem, identities first */
    GPtrArray *warnings; /* char *: what does not belong together */
    GPtrArray *notes;    /* char *: about the files, then what was added about renewals */
    guint n_file_notes;  /* the former */
} MeishiImportPlan;

/* People have a few; a machine's whole CA bundle has some hundred.  More would only keep the main
 * loop busy. */
#define MEISHI_IMPORT_PLAN_MAX 1000

/* NOT_FOUND where the files hold nothing that Meishi can keep; the message says what they hold and
 * what to do.  INVALID_ARGUMENT where one label is given for several identities; KEY_MISMATCH
 * where nothing is left to store because the files do not belong together; TOO_EXPENSIVE where
 * there are more certificates and keys than MEISHI_IMPORT_PLAN_MAX. */
MeishiImportPlan *
meishi_import_plan_new(const MeishiImportInput *input, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void meishi_import_plan_free(MeishiImportPlan *plan); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiImportPlan, meishi_import_plan_free)

/* Whether there is anything to store. */
gboolean meishi_import_plan_stores(const MeishiImportPlan *plan);
