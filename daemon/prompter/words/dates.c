/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Dates as people say them.  X.509 can name years that GDateTime cannot (beyond 9999); those are
 * said to be such and are never an empty text.
 */
#include "daemon/prompter/words/dates.h"

#include <glib/gi18n.h>

#define DAY 86400

static char *
format(gint64 time, const char *pattern)
{
    g_autoptr(GDateTime) when = g_date_time_new_from_unix_local(time);

    return when != NULL ? g_date_time_format(when, pattern) : g_strdup(_("after the year 9999"));
}

char *
meishi_dates_day(gint64 time)
{
    /* Translators: a date, as g_date_time_format() has it: "2 March 2027". */
    return format(time, _("%-d %B %Y"));
}

char *
meishi_dates_clock(gint64 time)
{
    /* Translators: a time of the day, as g_date_time_format() has it. */
    return format(time, _("%H:%M"));
}

/* The day of the calendar here. */
static gint64
day_number(gint64 time)
{
    g_autoptr(GDateTime) when = g_date_time_new_from_unix_local(time);
    gint64 offset = when != NULL ? g_date_time_get_utc_offset(when) / G_USEC_PER_SEC : 0;
    gint64 local = time + offset;

    return local >= 0 ? local / DAY : (local - (DAY - 1)) / DAY;
}

static char *
say_future(gint64 days)
{
    gulong months = (gulong)(days * 12 / 365), years = (gulong)(days / 365);

    if (days == 1)
        return g_strdup(_("tomorrow"));
    if (days < 60)
        return g_strdup_printf(ngettext("in %lu day", "in %lu days", (gulong)days), (gulong)days);
    if (days < 730)
        return g_strdup_printf(ngettext("in %lu month", "in %lu months", months), months);
    return g_strdup_printf(ngettext("in %lu year", "in %lu years", years), years);
}

static char *
say_past(gint64 days)
{
    gulong months = (gulong)(days * 12 / 365), years = (gulong)(days / 365);

    if (days == 1)
        return g_strdup(_("yesterday"));
    if (days < 60)
        return g_strdup_printf(ngettext("%lu day ago", "%lu days ago", (gulong)days), (gulong)days);
    if (days < 730)
        return g_strdup_printf(ngettext("%lu month ago", "%lu months ago", months), months);
    return g_strdup_printf(ngettext("%lu year ago", "%lu years ago", years), years);
}

char *
meishi_dates_distance(gint64 time, gint64 now)
{
    gint64 days = day_number(time) - day_number(now);

    if (days == 0)
        return g_strdup(_("today"));
    return days > 0 ? say_future(days) : say_past(-days);
}
