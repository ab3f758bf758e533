/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiTtyClock: how long the question that is shown stays open, and when to say that this ends.
 */
#pragma once

#include <glib.h>

typedef struct MeishiTtyClock MeishiTtyClock;

/* Some @seconds are left: whoever types needs more time.  Once for each deadline. */
typedef void (*MeishiTtyClockLate)(guint seconds, gpointer user_data);

MeishiTtyClock *meishi_tty_clock_new(MeishiTtyClockLate late, gpointer user_data);
void meishi_tty_clock_free(MeishiTtyClock *clock); /* NULL is fine */

/* @deadline: seconds since 1970, 0: none.  Whether that is later than it was. */
gboolean meishi_tty_clock_set(MeishiTtyClock *clock, gint64 deadline);
void meishi_tty_clock_stop(MeishiTtyClock *clock);

/* TRUE once for each time that it was late: more time is asked for now. */
gboolean meishi_tty_clock_take_late(MeishiTtyClock *clock);
