/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One import on its way to the daemon: the files are sent and sent again, until every password is
 * there and the vault is open.
 */
#pragma once

#include "cli/client.h"
#include "daemon/base/secret.h"

/* What is to be imported, filled by whoever imports; files and passwords are theirs, the rest
 * is freed with this. */
typedef struct {
    MeishiClient *client;
    GPtrArray *files;     /* MeishiInputFile; they stay open for another try */
    GPtrArray *passwords; /* MeishiSecret; all are sent each time, files may differ */
    gboolean given;       /* the first of them come from options: none of those is asked for */
    gboolean is_dry_run;
    const char *label; /* NULL: what the file calls it */
    char *token;       /* object path; NULL: the vault */
    MeishiSecret *pin; /* of the token; NULL: the daemon asks */
    char *question;    /* the last one that was asked */
    guint n_asked;     /* how often */
} MeishiImporting;

void meishi_importing_clear(MeishiImporting *importing);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MeishiImporting, meishi_importing_clear)

/* Imports; the report (a{sv}).  A password that is asked for is added to @importing->passwords.
 * PASSWORD_REQUIRED and WRONG_PASSWORD where the person has none, MEISHI_CLI_ERROR_SECRET where
 * they gave up. */
GVariant *
meishi_importing_run(MeishiImporting *importing, GError **error) G_GNUC_WARN_UNUSED_RESULT;
