/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiSecretEntry: a field for one line that is secret: a passphrase, a PIN, a file's password.
 *
 * Neither GtkEditable nor GtkText: those keep what is typed in ordinary memory and hand it to every
 * program on the accessibility bus.  What is typed here lies in one MeishiSecretLine, is drawn as
 * dots, and leaves by meishi_secret_entry_take() alone.  It is edited at its end only.
 *
 * Signals: "changed"; "activate" (Enter); "unfit" (what was typed or pasted does not fit on one
 * line of MEISHI_SECRET_LINE_MAX bytes, and was left out); "notify::caps-lock".
 */
#pragma once

#include <gtk/gtk.h>

#include "daemon/prompter/secret-line.h"

#define MEISHI_TYPE_SECRET_ENTRY (meishi_secret_entry_get_type())
G_DECLARE_FINAL_TYPE(MeishiSecretEntry, meishi_secret_entry, MEISHI, SECRET_ENTRY, GtkWidget)

GtkWidget *meishi_secret_entry_new(void);

/* @name: for a screen reader.  @description: what else it says when the field gets the focus. */
void
meishi_secret_entry_describe(MeishiSecretEntry *entry, const char *name, const char *description);

gboolean meishi_secret_entry_is_empty(const MeishiSecretEntry *entry);
gsize meishi_secret_entry_len(const MeishiSecretEntry *entry); /* bytes */
/* Whether Caps Lock is on while the field has the focus. */
gboolean meishi_secret_entry_has_caps_lock(const MeishiSecretEntry *entry);
/* Whether both hold the same, for what has to be typed twice. */
gboolean meishi_secret_entry_equal(const MeishiSecretEntry *a, const MeishiSecretEntry *b);
/* As meishi_secret_line_judge(). */
guint meishi_secret_entry_judge(const MeishiSecretEntry *entry, MeishiSecretJudge judge);

/* What was typed, in UTF-8; the entry is empty after it. */
MeishiSecret *meishi_secret_entry_take(MeishiSecretEntry *entry) G_GNUC_WARN_UNUSED_RESULT;
void meishi_secret_entry_clear(MeishiSecretEntry *entry);
