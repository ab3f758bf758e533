/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * cli/date.c: distances in words, and dates that no calendar here knows.
 */
#include "cli/date.h"

#define DAY 86400

static void
test_distance(void)
{
    const struct {
        gint64 seconds;
        const char *expected;
    } rows[] = {
        {0, "in less than a day"},   {-1, "less than a day ago"}, {DAY, "in 1 day"},
        {-2 * DAY, "2 days ago"},    {59 * DAY, "in 59 days"},    {90 * DAY, "in 2 months"},
        {365 * DAY, "in 12 months"}, {-800 * DAY, "2 years ago"}, {3650 * DAY, "in 10 years"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = meishi_date_distance(1700000000 + rows[i].seconds, 1700000000);

        g_assert_cmpstr(text, ==, rows[i].expected);
    }
}

static void
test_formats(void)
{
    g_autofree char *iso = meishi_date_iso(0);
    g_autofree char *late = meishi_date_iso(G_MAXINT64);
    g_autofree char *late_day = meishi_date_day(G_MAXINT64);

    g_assert_cmpstr(iso, ==, "1970-01-01T00:00:00Z");
    g_assert_cmpstr(late, ==, "beyond 9999");
    g_assert_cmpstr(late_day, ==, "beyond 9999");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli/date/distance", test_distance);
    g_test_add_func("/cli/date/formats", test_formats);
    return g_test_run();
}
