/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A timer before a deadline; see tty-clock.h.  Says nothing itself, and asks nobody for more time.
 */
#include "cli/tty-clock.h"

/* So near to the end, whoever types needs more time. */
#define LATE_S 20

struct MeishiTtyClock {
    MeishiTtyClockLate late;
    gpointer data;
    gint64 deadline; /* as it was told; 0 */
    guint timer;     /* comes LATE_S before it; 0 */
    gboolean is_late;
};

static gint64
seconds_until(gint64 deadline)
{
    return deadline - g_get_real_time() / G_USEC_PER_SEC;
}

static gboolean
on_late(gpointer data)
{
    MeishiTtyClock *clock = data;

    clock->timer = 0;
    clock->is_late = TRUE;
    clock->late((guint)CLAMP(seconds_until(clock->deadline), 0, LATE_S), clock->data);
    return G_SOURCE_REMOVE;
}

gboolean
meishi_tty_clock_set(MeishiTtyClock *clock, gint64 deadline)
{
    gint64 left = seconds_until(deadline) - LATE_S;
    gboolean is_later = deadline > clock->deadline;

    if (deadline == clock->deadline)
        return FALSE;
    meishi_tty_clock_stop(clock);
    clock->deadline = deadline;
    if (deadline != 0 && left < G_MAXINT)
        clock->timer = g_timeout_add_seconds((guint)MAX(left, 1), on_late, clock);
    return is_later;
}

void
meishi_tty_clock_stop(MeishiTtyClock *clock)
{
    g_clear_handle_id(&clock->timer, g_source_remove);
    clock->is_late = FALSE;
    clock->deadline = 0;
}

gboolean
meishi_tty_clock_take_late(MeishiTtyClock *clock)
{
    gboolean was_late = clock->is_late;

    clock->is_late = FALSE;
    return was_late;
}

MeishiTtyClock *
meishi_tty_clock_new(MeishiTtyClockLate late, gpointer user_data)
{
    MeishiTtyClock *clock = g_new0(MeishiTtyClock, 1);

    clock->late = late;
    clock->data = user_data;
    return clock;
}

void
meishi_tty_clock_free(MeishiTtyClock *clock)
{
    if (clock == NULL)
        return;
    meishi_tty_clock_stop(clock);
    g_free(clock);
}
