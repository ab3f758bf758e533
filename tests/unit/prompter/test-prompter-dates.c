/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * daemon/prompter/words/dates.c: points in time as people say them.
 */
#include "daemon/prompter/words/dates.h"

#define DAY G_GINT64_CONSTANT(86400)
#define NOW G_GINT64_CONSTANT(1795219200) /* 2026-11-21 00:00 UTC */

typedef struct {
    const char *name;
    gint64 offset;
    const char *text;
} Case;

static const Case cases[] = {
    {"now", 0, "today"},
    {"tonight", 23 * 3600, "today"},
    {"tomorrow", DAY, "tomorrow"},
    {"days", 15 * DAY, "in 15 days"},
    {"months", 101 * DAY, "in 3 months"},
    {"year", 800 * DAY, "in 2 years"},
    {"last-second", -1, "yesterday"},
    {"two-days", -2 * DAY, "2 days ago"},
    {"months-ago", -265 * DAY, "8 months ago"},
    {"years-ago", -365 * 3 * DAY, "3 years ago"},
};

static void
test_distance(gconstpointer data)
{
    const Case *one = data;
    g_autofree char *text = meishi_dates_distance(NOW + one->offset, NOW);

    g_assert_cmpstr(text, ==, one->text);
}

static void
test_day(void)
{
    g_autofree char *day = meishi_dates_day(1804032000);
    g_autofree char *beyond = meishi_dates_day(G_MAXINT64 / 4);
    g_autofree char *distance = meishi_dates_distance(253402300799 + DAY * 400, NOW);
    g_autofree char *clock = meishi_dates_clock(NOW + 16 * 3600 + 45 * 60);

    g_assert_cmpstr(day, ==, "3 March 2027");
    g_assert_cmpstr(beyond, ==, "after the year 9999");
    g_assert_true(g_str_has_suffix(distance, "years"));
    g_assert_cmpstr(clock, ==, "16:45");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/prompter/dates/distance/", cases[i].name, NULL);

        g_test_add_data_func(path, &cases[i], test_distance);
    }
    g_test_add_func("/prompter/dates/day", test_day);
    return g_test_run();
}
