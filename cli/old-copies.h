/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Copies of the vault from before an upgrade, which keep what is removed from it since.
 */
#pragma once

#include <glib.h>

/* What is to be said of one, after its path. */
#define MEISHI_OLD_COPIES_IS    "is a copy from before an upgrade"
#define MEISHI_OLD_COPIES_MEANS "keeps what you remove; delete it once all works"

/* The paths of those in the directory @store; for g_strfreev(), never NULL. */
char **meishi_old_copies_find(const char *store);
