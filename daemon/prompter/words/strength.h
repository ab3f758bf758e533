/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How hard a new passphrase is to guess, as far as its length and variety tell.  Pure; no copy of
 * what is judged is made.
 */
#pragma once

#include <glib.h>

typedef enum {
    MEISHI_STRENGTH_NONE, /* nothing is typed */
    MEISHI_STRENGTH_VERY_WEAK,
    MEISHI_STRENGTH_WEAK,
    MEISHI_STRENGTH_FAIR,
    MEISHI_STRENGTH_GOOD,
} MeishiStrength;

/* @text: @len bytes of UTF-8. */
MeishiStrength meishi_strength_judge(const char *text, gsize len);

/* In words; "" for none. */
const char *meishi_strength_text(MeishiStrength strength);
