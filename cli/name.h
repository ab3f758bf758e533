/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which identity a person means.
 */
#pragma once

#include "cli/card.h"

/* The one of @cards (MeishiCard) that @name means, borrowed.  In this order, and a better kind of
 * match hides the worse ones: the whole id; a PKCS#11 URI; the label; the label in other case; the
 * beginning of the id (four digits or more); a part of label, subject or an alternative name.
 *
 * MEISHI_CLI_ERROR_NAME where nothing fits (with a suggestion) or several do (with the list). */
MeishiCard *
meishi_name_resolve(GPtrArray *cards, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;
