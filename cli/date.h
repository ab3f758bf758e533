/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Dates as people and programs want them.  Times are seconds since 1970; results are new.
 */
#pragma once

#include <glib.h>

char *meishi_date_day(gint64 time);                  /* "2027-03-01", in the person's time zone */
char *meishi_date_iso(gint64 time);                  /* "2027-03-01T12:00:00Z" */
char *meishi_date_distance(gint64 time, gint64 now); /* "in 12 days", "3 months ago", "today" */
