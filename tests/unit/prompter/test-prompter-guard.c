/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * daemon/prompter/guard.c: the half second, and keys that are down.
 */
#include "daemon/prompter/guard.h"

#define ENTER 36
#define SPACE 65
#define MS    G_GINT64_CONSTANT(1000)
#define START (G_GINT64_CONSTANT(1000000) * MS)

static void
test_half_second(void)
{
    static const struct {
        gint64 after, wait;
    } rows[] = {{0, 500 * MS}, {1, 500 * MS - 1}, {499 * MS, MS},   {500 * MS - 1, 1},
                {500 * MS, 0}, {501 * MS, 0},     {3600000 * MS, 0}};
    g_autoptr(MeishiGuard) guard = meishi_guard_new();

    meishi_guard_focus(guard, START);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
        g_assert_cmpint(meishi_guard_wait(guard, START + rows[i].after), ==, rows[i].wait);
}

static void
test_without_focus(void)
{
    g_autoptr(MeishiGuard) guard = meishi_guard_new();

    g_assert_cmpint(meishi_guard_wait(guard, START), ==, G_MAXINT64);
    meishi_guard_focus(guard, START);
    meishi_guard_blur(guard);
    g_assert_cmpint(meishi_guard_wait(guard, START + 900 * MS), ==, G_MAXINT64);
}

/* What comes back, or shows something else, is looked at for another half second. */
static void
test_begins_anew(void)
{
    g_autoptr(MeishiGuard) guard = meishi_guard_new();

    meishi_guard_focus(guard, START);
    meishi_guard_focus(guard, START + 400 * MS);
    g_assert_cmpint(meishi_guard_wait(guard, START + 600 * MS), ==, 300 * MS);
    meishi_guard_blur(guard);
    meishi_guard_focus(guard, START + 2000 * MS);
    g_assert_cmpint(meishi_guard_wait(guard, START + 2000 * MS), ==, 500 * MS);
}

static void
test_repeats_are_no_presses(void)
{
    g_autoptr(MeishiGuard) guard = meishi_guard_new();

    g_assert_true(meishi_guard_press(guard, ENTER));
    for (guint i = 0; i < 100; i++)
        g_assert_false(meishi_guard_press(guard, ENTER));
    g_assert_true(meishi_guard_press(guard, SPACE));
    meishi_guard_release(guard, ENTER);
    g_assert_true(meishi_guard_press(guard, ENTER));
    g_assert_false(meishi_guard_press(guard, SPACE));
}

static void
test_held_keys(void)
{
    g_autoptr(MeishiGuard) guard = meishi_guard_new();

    meishi_guard_hold(guard, ENTER);
    meishi_guard_focus(guard, START);
    g_assert_false(meishi_guard_press(guard, ENTER));
    g_assert_true(meishi_guard_press(guard, SPACE));
    meishi_guard_release(guard, ENTER);
    g_assert_true(meishi_guard_press(guard, ENTER));
}

/* A key that goes up elsewhere is not heard of; the next time, the display is asked. */
static void
test_keys_are_forgotten_with_the_focus(void)
{
    g_autoptr(MeishiGuard) guard = meishi_guard_new();

    meishi_guard_focus(guard, START);
    g_assert_true(meishi_guard_press(guard, ENTER));
    meishi_guard_focus(guard, START + MS);
    g_assert_false(meishi_guard_press(guard, ENTER));
    meishi_guard_blur(guard);
    meishi_guard_focus(guard, START + 2 * MS);
    g_assert_true(meishi_guard_press(guard, ENTER));
    meishi_guard_release(guard, SPACE); /* that was never pressed */
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/prompter/guard/half-second", test_half_second);
    g_test_add_func("/prompter/guard/without-focus", test_without_focus);
    g_test_add_func("/prompter/guard/begins-anew", test_begins_anew);
    g_test_add_func("/prompter/guard/repeats-are-no-presses", test_repeats_are_no_presses);
    g_test_add_func("/prompter/guard/held-keys", test_held_keys);
    g_test_add_func("/prompter/guard/keys-are-forgotten-with-the-focus",
                    test_keys_are_forgotten_with_the_focus);
    return g_test_run();
}
