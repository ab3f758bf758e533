/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A MeishiSecretEntry as it stands in a window: with its name above it, and below it what is to be
 * said: a hint, or what is wrong; and that Caps Lock is on.
 */
#pragma once

#include "daemon/prompter/secret-entry.h"

/* @label has a mnemonic.  @description: what a screen reader says besides; NULL. */
GtkWidget *meishi_secret_field_new(const char *label, const char *description);

MeishiSecretEntry *meishi_secret_field_entry(GtkWidget *field);

/* @text below the field; NULL: nothing.  An error is spoken as well, and goes when something else
 * is typed. */
void meishi_secret_field_say(GtkWidget *field, const char *text, gboolean is_error);
