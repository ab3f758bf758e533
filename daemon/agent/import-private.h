/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * An import on its way: for agent-import.c, which reads, plans and stores, and
 * agent-import-token.c, which goes on from the plan where the target is a token.
 */
#pragma once

#include "daemon/agent/agent-private.h"
#include "daemon/agent/import-plan.h"
#include "daemon/agent/token-writer.h"

/* The data of its task. */
typedef struct {
    GPtrArray *files;     /* MeishiImportFile */
    GPtrArray *passwords; /* MeishiSecret */
    GPtrArray *bundles;   /* MeishiBundle, as the files */
    gboolean dry_run;
    char *label;
    char *vault_created;
    char *vault_message;
    /* Onto a token. */
    char *token;               /* as it is shown; NULL: into the vault */
    MeishiTokenWriter *writer; /* the same */
    GPtrArray *objects;        /* MeishiTokenObject: what is known of it */
    gboolean is_open;          /* all of them, the private ones among them */
    MeishiImportPlan *plan;
    MeishiTokenPieces *pieces;
} MeishiImport;

/* What the files come to beside what is there: @identities (MeishiIdentity), @issuers (MeishiCert).
 * Errors as in meishi_import_plan_new(). */
MeishiImportPlan *meishi_import_make_plan(GTask *task, GPtrArray *identities, GPtrArray *issuers,
                                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Ends the import with a report. */
void meishi_import_return(GTask *task, MeishiImportPlan *plan);

/* Prepares an import onto @options->token.  NOT_FOUND. */
gboolean meishi_import_token_begin(MeishiAgent *agent, MeishiImport *import,
                                   const MeishiImportOptions *options,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Goes on with @task when the files have been read. */
void meishi_import_token_go_on(GTask *task);
