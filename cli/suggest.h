/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * "Did you mean ...?"
 */
#pragma once

#include <glib.h>

/* The entry of @words (NULL-terminated) that @typed was most likely meant to be, or NULL where
 * none is close.  Borrowed. */
const char *meishi_suggest_word(const char *typed, const char *const *words);
