/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The pages of an import that show something: what the files hold, what was stored, what went
 * wrong.  Each is added to a shell that has turned to it; closing the window is always offered.
 */
#pragma once

#include "daemon/prompter/shell.h"
#include "daemon/prompter/words/import-trouble.h"
#include "daemon/prompter/words/import-view.h"

/* @view is borrowed.  @label: what the person calls the only certificate; NULL where there are
 * several, or where it is left as it was. */
typedef struct {
    void (*import)(const char *label, gpointer data);
    gpointer data;
} MeishiImportPlanUser;

void meishi_import_pages_plan(MeishiShell *shell, const MeishiImportView *view,
                              const MeishiImportPlanUser *user);

void meishi_import_pages_result(MeishiShell *shell, const MeishiImportView *view);

/* NULL where there is no such way on. */
typedef struct {
    void (*retry)(gpointer data);
    void (*password)(gpointer data);   /* another one */
    void (*passphrase)(gpointer data); /* a vault without the keyring */
    gpointer data;
} MeishiImportTroubleUser;

void meishi_import_pages_trouble(MeishiShell *shell, const MeishiImportTrouble *trouble,
                                 const MeishiImportTroubleUser *user);

/* What takes long: @text, and a way to give up. */
void meishi_import_pages_wait(MeishiShell *shell, const char *text);
