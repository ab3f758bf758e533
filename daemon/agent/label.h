/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Labels: what a person calls an identity.  Also CKA_LABEL, so they are short, printable and
 * different from each other.
 */
#pragma once

#include <glib.h>

#define MEISHI_LABEL_MAX 255 /* bytes */

/* INVALID_ARGUMENT where @label is empty, too long, no UTF-8, or holds control characters. */
gboolean meishi_label_check(const char *label, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* @wish made fit to be a label, with " (2)" and so on where @taken (a set of strings) has it; new.
 * @wish may be anything but NULL. */
char *meishi_label_unique(const char *wish, GHashTable *taken);
