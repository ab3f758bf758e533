/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * After "not now": 30 seconds, and after three within five minutes until the person acts (3.5).
 */
#include "daemon/agent/quiet.h"

#define T0 G_GINT64_CONSTANT(1000000)

static void
test_half_a_minute(void)
{
    g_autoptr(MeishiQuiet) quiet = meishi_quiet_new();

    g_assert_false(meishi_quiet_holds(quiet, "a", T0));
    meishi_quiet_dismissed(quiet, "a", T0);
    g_assert_true(meishi_quiet_holds(quiet, "a", T0));
    g_assert_true(meishi_quiet_holds(quiet, "a", T0 + 29));
    g_assert_false(meishi_quiet_holds(quiet, "a", T0 + 30));
    g_assert_false(meishi_quiet_holds(quiet, "b", T0));
}

static void
test_three(void)
{
    g_autoptr(MeishiQuiet) quiet = meishi_quiet_new();

    meishi_quiet_dismissed(quiet, "a", T0);
    meishi_quiet_dismissed(quiet, "a", T0 + 100);
    g_assert_false(meishi_quiet_holds(quiet, "a", T0 + 200));
    meishi_quiet_dismissed(quiet, "a", T0 + 300);
    g_assert_true(meishi_quiet_holds(quiet, "a", T0 + 330));
    g_assert_true(meishi_quiet_holds(quiet, "a", T0 + 1000000));
    meishi_quiet_end(quiet, "a");
    g_assert_false(meishi_quiet_holds(quiet, "a", T0 + 1000000));
}

static void
test_three_far_apart(void)
{
    g_autoptr(MeishiQuiet) quiet = meishi_quiet_new();

    meishi_quiet_dismissed(quiet, "a", T0);
    meishi_quiet_dismissed(quiet, "a", T0 + 200);
    meishi_quiet_dismissed(quiet, "a", T0 + 301);
    g_assert_false(meishi_quiet_holds(quiet, "a", T0 + 331));
    /* The last two and this one are near again. */
    meishi_quiet_dismissed(quiet, "a", T0 + 400);
    g_assert_true(meishi_quiet_holds(quiet, "a", T0 + 1000));
}

static void
test_person_acts(void)
{
    g_autoptr(MeishiQuiet) quiet = meishi_quiet_new();

    meishi_quiet_dismissed(quiet, "a", T0);
    meishi_quiet_end(quiet, "a");
    g_assert_false(meishi_quiet_holds(quiet, "a", T0 + 1));
    meishi_quiet_end(quiet, "never");
}

/* A "no" is answered; it does not come nearer to the third "not now". */
static void
test_no(void)
{
    g_autoptr(MeishiQuiet) quiet = meishi_quiet_new();

    for (guint i = 0; i < 5; i++) {
        meishi_quiet_refused(quiet, "a", T0 + 10 * i);
        g_assert_true(meishi_quiet_holds(quiet, "a", T0 + 10 * i + 4));
        g_assert_false(meishi_quiet_holds(quiet, "a", T0 + 10 * i + 5));
    }
    meishi_quiet_dismissed(quiet, "a", T0 + 100);
    meishi_quiet_refused(quiet, "a", T0 + 110);
    g_assert_true(meishi_quiet_holds(quiet, "a", T0 + 129));
    g_assert_false(meishi_quiet_holds(quiet, "a", T0 + 130));
    meishi_quiet_refused(quiet, "a", T0 + 200);
    meishi_quiet_end(quiet, "a");
    g_assert_false(meishi_quiet_holds(quiet, "a", T0 + 201));
}

static void
test_clock_set_back(void)
{
    g_autoptr(MeishiQuiet) quiet = meishi_quiet_new();

    meishi_quiet_dismissed(quiet, "a", T0 + 86400);
    meishi_quiet_dismissed(quiet, "a", T0);
    meishi_quiet_dismissed(quiet, "a", T0 + 10);
    g_assert_true(meishi_quiet_holds(quiet, "a", T0 + 20));
    g_assert_false(meishi_quiet_holds(quiet, "a", T0 + 60));
    meishi_quiet_dismissed(quiet, "b", T0 + 86400);
    g_assert_false(meishi_quiet_holds(quiet, "b", T0));
}

static void
test_bounded(void)
{
    g_autoptr(MeishiQuiet) quiet = meishi_quiet_new();

    for (guint i = 0; i < 1001; i++) {
        g_autofree char *key = g_strdup_printf("%u", i);

        meishi_quiet_dismissed(quiet, key, T0 + i);
    }
    g_assert_false(meishi_quiet_holds(quiet, "0", T0));
    g_assert_true(meishi_quiet_holds(quiet, "1", T0 + 1));
    g_assert_true(meishi_quiet_holds(quiet, "1000", T0 + 1000));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/quiet/30-seconds", test_half_a_minute);
    g_test_add_func("/quiet/three-in-five-minutes", test_three);
    g_test_add_func("/quiet/three-far-apart", test_three_far_apart);
    g_test_add_func("/quiet/person-acts", test_person_acts);
    g_test_add_func("/quiet/no", test_no);
    g_test_add_func("/quiet/clock-set-back", test_clock_set_back);
    g_test_add_func("/quiet/bounded", test_bounded);
    return g_test_run();
}
