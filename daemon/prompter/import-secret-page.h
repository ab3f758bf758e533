/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The pages of an import that want a secret: one field, or two for a new passphrase.
 */
#pragma once

#include "daemon/prompter/shell.h"
#include "daemon/prompter/words/import-secret.h"

/* What was typed, when the person goes on; borrowed. */
typedef struct {
    void (*given)(MeishiSecret *secret, gpointer data);
    gpointer data;
} MeishiImportSecretUser;

/* Adds the page to @shell, which has turned to it. */
void meishi_import_secret_page_build(MeishiShell *shell, const MeishiImportSecret *view,
                                     const MeishiImportSecretUser *user);
