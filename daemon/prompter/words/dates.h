/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Points in time in the person's language (specification 6.2 rule 3).  Seconds since 1970; every
 * string is new.
 */
#pragma once

#include <glib.h>

/* "2 March 2027" */
char *meishi_dates_day(gint64 time);

/* "in 15 days", "yesterday", "2 months ago", counted in days of the calendar. */
char *meishi_dates_distance(gint64 time, gint64 now);

/* "16:45" */
char *meishi_dates_clock(gint64 time);
