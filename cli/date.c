/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Dates.  X.509 can name years that GDateTime cannot (beyond 9999); those are shown as such and
 * never as an empty text.
 */
#include "cli/date.h"

#define DAY 86400

static char *
format(GDateTime *when, const char *pattern)
{
    return when != NULL ? g_date_time_format(when, pattern) : g_strdup("beyond 9999");
}

char *
meishi_date_day(gint64 time)
{
    g_autoptr(GDateTime) when = g_date_time_new_from_unix_local(time);

    return format(when, "%Y-%m-%d");
}

char *
meishi_date_iso(gint64 time)
{
    g_autoptr(GDateTime) when = g_date_time_new_from_unix_utc(time);

    return format(when, "%Y-%m-%dT%H:%M:%SZ");
}

static char *
count(gint64 n, const char *unit, gboolean past)
{
    const char *plural = n == 1 ? "" : "s";

    return past ? g_strdup_printf("%" G_GINT64_FORMAT " %s%s ago", n, unit, plural)
                : g_strdup_printf("in %" G_GINT64_FORMAT " %s%s", n, unit, plural);
}

char *
meishi_date_distance(gint64 time, gint64 now)
{
    gboolean past = time < now;
    gint64 days = (past ? now - time : time - now) / DAY;

    if (days == 0)
        return g_strdup(past ? "less than a day ago" : "in less than a day");
    if (days < 60)
        return count(days, "day", past);
    if (days < 730)
        return count(days * 12 / 365, "month", past);
    return count(days / 365, "year", past);
}
