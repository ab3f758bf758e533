/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiImport: one import on its way; what its steps share.  import-window.c has the window and
 * the files, import-inspect.c what they hold, import-store.c what happens after "Import".
 *
 * Every step ends in a callback of the client or in a button, and there is one of them at a time.
 * The window may be closed at each: then the client is freed, which cancels what runs, and no
 * callback comes any more.
 */
#pragma once

#include "daemon/prompter/import-client.h"
#include "daemon/prompter/shell.h"
#include "daemon/prompter/words/import-secret.h"

typedef struct MeishiImport MeishiImport;
typedef void (*MeishiImportStep)(MeishiImport *import);

struct MeishiImport {
    GApplication *application;
    MeishiShell *shell;
    MeishiImportClient *client;
    GCancellable *reading;
    GPtrArray *sources;     /* GFile */
    GPtrArray *files;       /* MeishiImportFile; NULL before they were read */
    GPtrArray *passwords;   /* MeishiSecret: those that fit, and the one that is tried */
    char *asked;            /* whose password was asked for last; NULL: not known */
    gboolean has_asked;     /* for one at all */
    MeishiImportDoor door;  /* as it was when it was looked at last */
    char *label;            /* the person's; NULL */
    const char *made;       /* what opens the vault that was made here; "" */
    MeishiImportStep again; /* what to try again */
    const char *wait_heading, *wait_text;
    guint patience_id;
    gboolean is_shown;
};

/* What the files hold; then the page that shows it. */
void meishi_import_inspect(MeishiImport *import);
/* The page for another password. */
void meishi_import_ask_password(MeishiImport *import, gboolean is_wrong);

/* Sees that the vault is there and open, and stores. */
void meishi_import_store(MeishiImport *import);
/* The page for the passphrase of a new vault. */
void meishi_import_make_passphrase(MeishiImport *import);

/* Nothing can be pressed until the next page comes; where that takes long, a page says so. */
void meishi_import_wait(MeishiImport *import, const char *heading, const char *text);

/* The next page: turns to it; whoever calls adds what stands there, and shows it. */
void meishi_import_turn(MeishiImport *import, const char *heading);
void meishi_import_show(MeishiImport *import);

void meishi_import_show_secret(MeishiImport *import, const MeishiImportSecret *view,
                               void (*given)(MeishiSecret *secret, gpointer data));

/* @file: which one it is about; NULL.  @again: what "Try Again" does. */
void meishi_import_show_trouble(MeishiImport *import, const GError *error, const char *file,
                                MeishiImportStep again);
/* The same where a passphrase is the way around the keyring. */
void meishi_import_show_keyring_trouble(MeishiImport *import, const GError *error);

/* The name of the file; NULL where there are several. */
const char *meishi_import_only_name(const MeishiImport *import);
/* The names of all, NULL-terminated; borrowed. */
GPtrArray *meishi_import_names(const MeishiImport *import);
gint64 meishi_import_now(void);
