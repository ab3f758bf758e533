/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The rate limit of callers.
 */
#include "daemon/agent/rate-limit.h"

#define T0 G_GINT64_CONSTANT(1000000000)

static guint
take_all(MeishiRateLimit *limit, const char *key, gint64 now_us)
{
    guint n = 0;

    while (meishi_rate_limit_take(limit, key, now_us))
        g_assert_cmpuint(++n, <, 10000);
    return n;
}

static void
test_burst(void)
{
    g_autoptr(MeishiRateLimit) limit = meishi_rate_limit_new(200, 50);

    g_assert_cmpuint(take_all(limit, "a", T0), ==, 200);
    g_assert_cmpuint(take_all(limit, "b", T0), ==, 200);
}

static void
test_refill(void)
{
    g_autoptr(MeishiRateLimit) limit = meishi_rate_limit_new(200, 50);

    take_all(limit, "a", T0);
    g_assert_cmpuint(take_all(limit, "a", T0 + G_USEC_PER_SEC), ==, 50);
    g_assert_cmpuint(take_all(limit, "a", T0 + G_USEC_PER_SEC + 20000), ==, 1);
    g_assert_cmpuint(take_all(limit, "a", T0 + 100 * G_USEC_PER_SEC), ==, 200);
}

/* Processes come and go; the table does not keep them. */
static void
test_bounded(void)
{
    g_autoptr(MeishiRateLimit) limit = meishi_rate_limit_new(200, 50);

    take_all(limit, "busy", T0);
    for (guint i = 0; i < 10000; i++) {
        g_autofree char *key = g_strdup_printf("%u", i);

        g_assert_true(meishi_rate_limit_take(limit, key, T0 + i * 100));
    }
    g_assert_cmpuint(meishi_rate_limit_size(limit), <=, 512);
    /* Who has called much is not forgotten among them. */
    g_assert_cmpuint(take_all(limit, "busy", T0 + G_USEC_PER_SEC), <=, 50);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rate-limit/burst", test_burst);
    g_test_add_func("/rate-limit/refill", test_refill);
    g_test_add_func("/rate-limit/bounded", test_bounded);
    return g_test_run();
}
