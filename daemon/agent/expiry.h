/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * When the end of a certificate is worth a word: 30, 7 and 1 days ahead and when it is there, each
 * once.  A certificate that lives for days only is renewed by a machine, whose business is not told
 * every time: a step counts where it is not more than half of the certificate's life.  Pure; times
 * are seconds since 1970.
 */
#pragma once

#include <glib.h>

#define MEISHI_EXPIRY_WARN_SECONDS (G_GINT64_CONSTANT(30) * 86400)

/* How far it is; greater is later. */
enum {
    MEISHI_EXPIRY_FAR,
    MEISHI_EXPIRY_SOON,
    MEISHI_EXPIRY_WEEK,
    MEISHI_EXPIRY_DAY,
    MEISHI_EXPIRY_ENDED,
    MEISHI_EXPIRY_PAST, /* for so long that it is no news */
};

typedef struct {
    gint64 not_before, not_after;
    gint64 warn; /* how long ahead the first word comes: MEISHI_EXPIRY_WARN_SECONDS */
} MeishiExpiry;

guint meishi_expiry_step(const MeishiExpiry *expiry, gint64 now);

/* When the step after that of @now begins; G_MAXINT64: never. */
gint64 meishi_expiry_next(const MeishiExpiry *expiry, gint64 now);
