/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * cli/tty-clock.c: when a question that is shown is said to end soon.
 */
#include "cli/tty-clock.h"

typedef struct {
    GMainLoop *loop;
    guint n_late, seconds;
} Fixture;

static void
on_late(guint seconds, gpointer data)
{
    Fixture *f = data;

    f->n_late++;
    f->seconds = seconds;
    g_main_loop_quit(f->loop);
}

static gboolean
on_enough(gpointer data)
{
    g_main_loop_quit(data);
    return G_SOURCE_REMOVE;
}

static void
wait(Fixture *f, guint ms)
{
    g_timeout_add(ms, on_enough, f->loop);
    g_main_loop_run(f->loop);
}

static gint64
in_seconds(gint64 seconds)
{
    return g_get_real_time() / G_USEC_PER_SEC + seconds;
}

static void
set_up(Fixture *f, gconstpointer unused)
{
    f->loop = g_main_loop_new(NULL, FALSE);
}

static void
tear_down(Fixture *f, gconstpointer unused)
{
    g_main_loop_unref(f->loop);
}

static void
test_late(Fixture *f, gconstpointer unused)
{
    MeishiTtyClock *clock = meishi_tty_clock_new(on_late, f);

    g_assert_true(meishi_tty_clock_set(clock, in_seconds(15)));
    g_assert_false(meishi_tty_clock_take_late(clock));
    g_main_loop_run(f->loop);
    g_assert_cmpuint(f->n_late, ==, 1);
    g_assert_cmpuint(f->seconds, <, 15);
    g_assert_true(meishi_tty_clock_take_late(clock));
    g_assert_false(meishi_tty_clock_take_late(clock)); /* once */
    meishi_tty_clock_free(clock);
}

/* More time, or less, or as much as before; and no deadline at all. */
static void
test_set(Fixture *f, gconstpointer unused)
{
    MeishiTtyClock *clock = meishi_tty_clock_new(on_late, f);
    gint64 end = in_seconds(100);

    g_assert_true(meishi_tty_clock_set(clock, end));
    g_assert_false(meishi_tty_clock_set(clock, end));
    g_assert_true(meishi_tty_clock_set(clock, end + 60));
    g_assert_false(meishi_tty_clock_set(clock, end));
    g_assert_true(meishi_tty_clock_set(clock, G_MAXINT64));
    g_assert_false(meishi_tty_clock_set(clock, 0));
    meishi_tty_clock_free(clock);
}

static void
test_stopped(Fixture *f, gconstpointer unused)
{
    MeishiTtyClock *clock = meishi_tty_clock_new(on_late, f);

    g_assert_true(meishi_tty_clock_set(clock, in_seconds(1)));
    meishi_tty_clock_stop(clock);
    wait(f, 1500);
    g_assert_cmpuint(f->n_late, ==, 0);
    g_assert_true(meishi_tty_clock_set(clock, in_seconds(1)));
    meishi_tty_clock_free(clock);
    wait(f, 1500);
    g_assert_cmpuint(f->n_late, ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(path, func) g_test_add("/cli/tty-clock/" path, Fixture, NULL, set_up, func, tear_down)
    ADD("late", test_late);
    ADD("set", test_set);
    ADD("stopped", test_stopped);
    return g_test_run();
}
