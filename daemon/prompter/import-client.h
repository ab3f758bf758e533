/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiImportClient: the daemon as an import needs it.  A connection to the session bus of its
 * own, because the daemon takes the end of a connection for the end of what was asked on it: who
 * closes the window of an import that runs has cancelled it.
 *
 * One call at a time; each ends in its callback on the main loop.  Errors are MEISHI_ERROR where
 * the daemon said so.
 */
#pragma once

#include "daemon/base/secret.h"
#include "daemon/prompter/words/import-view.h"

#include <gio/gio.h>

typedef struct MeishiImportClient MeishiImportClient;

/* Nothing is done before the first call. */
MeishiImportClient *meishi_import_client_new(void);
/* Cancels what runs; its callback does not come any more.  NULL is fine. */
void meishi_import_client_free(MeishiImportClient *client);

/* @report: a{sv} of Manager.Import, borrowed; NULL with @error. */
typedef void (*MeishiImportReported)(GVariant *report, const GError *error, gpointer data);

/* @files: MeishiImportFile.  @passwords: MeishiSecret.  @label: NULL for the file's own. */
typedef struct {
    GPtrArray *files, *passwords;
    const char *label;
    gboolean is_dry_run;
} MeishiImportOrder;

void meishi_import_client_import(MeishiImportClient *client, const MeishiImportOrder *order,
                                 MeishiImportReported reported, gpointer data);

/* What opens the vault now, or would. */
typedef struct {
    MeishiImportVault state;
    gboolean is_locked;      /* only where there is one */
    gboolean has_passphrase; /* that opens it */
    gboolean has_other;      /* a keyring or a key file that does */
} MeishiImportDoor;

/* @door: NULL with @error. */
typedef void (*MeishiImportDoorFound)(const MeishiImportDoor *door, const GError *error,
                                      gpointer data);
void meishi_import_client_find_door(MeishiImportClient *client, MeishiImportDoorFound found,
                                    gpointer data);

/* @error: NULL where it was done. */
typedef void (*MeishiImportDone)(const GError *error, gpointer data);

/* @passphrase: NULL for whatever opens it without one. */
void meishi_import_client_unlock(MeishiImportClient *client, MeishiSecret *passphrase,
                                 MeishiImportDone done, gpointer data);

/* Makes a vault; @passphrase: NULL for one that the Secret Service opens. */
void meishi_import_client_make_vault(MeishiImportClient *client, MeishiSecret *passphrase,
                                     MeishiImportDone done, gpointer data);
