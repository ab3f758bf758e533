/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Steps on the way to a certificate's end; see expiry.h.
 */
#include "daemon/agent/expiry.h"

#define DAY G_GINT64_CONSTANT(86400)

/* When @step begins; G_MAXINT64 where this certificate does not have it. */
static gint64
begin_of(const MeishiExpiry *expiry, guint step)
{
    const gint64 ahead[] = {
        [MEISHI_EXPIRY_SOON] = expiry->warn,
        [MEISHI_EXPIRY_WEEK] = 7 * DAY,
        [MEISHI_EXPIRY_DAY] = DAY,
    };

    /* X.509 can name an end that is none: 31 December 9999 (RFC 5280 4.1.2.5). */
    if (expiry->not_after >= G_MAXINT64 - 7 * DAY)
        return G_MAXINT64;
    if (step == MEISHI_EXPIRY_ENDED)
        return expiry->not_after + 1;
    if (step == MEISHI_EXPIRY_PAST)
        return expiry->not_after + 7 * DAY;
    if (ahead[step] > expiry->warn || ahead[step] * 2 > expiry->not_after - expiry->not_before)
        return G_MAXINT64;
    return expiry->not_after - ahead[step];
}

guint
meishi_expiry_step(const MeishiExpiry *expiry, gint64 now)
{
    for (guint step = MEISHI_EXPIRY_PAST; step > MEISHI_EXPIRY_FAR; step--) {
        if (begin_of(expiry, step) <= now)
            return step;
    }
    return MEISHI_EXPIRY_FAR;
}

gint64
meishi_expiry_next(const MeishiExpiry *expiry, gint64 now)
{
    gint64 next = G_MAXINT64;

    for (guint step = MEISHI_EXPIRY_SOON; step <= MEISHI_EXPIRY_PAST; step++) {
        gint64 begin = begin_of(expiry, step);

        if (begin > now && begin < next)
            next = begin;
    }
    return next;
}
