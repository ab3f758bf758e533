/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "module/wire/buf.h"

#include <glib.h>
#include <string.h>

static void
test_appends_big_endian(void)
{
    static const guint8 expected[] = {0xab, 1, 2, 3, 4, 1, 2, 3,   4,  5,
                                      6,    7, 8, 0, 0, 0, 2, 'h', 'i'};
    struct meishi_buf buf;

    meishi_buf_init(&buf, 100);
    meishi_buf_add_u8(&buf, 0xab);
    meishi_buf_add_u32(&buf, 0x01020304);
    meishi_buf_add_u64(&buf, 0x0102030405060708);
    meishi_buf_add_string(&buf, "hi", 2);
    g_assert_false(buf.failed);
    g_assert_cmpmem(buf.data, buf.len, expected, sizeof expected);
    meishi_buf_clear(&buf);
}

static void
test_bound_is_exact(void)
{
    struct meishi_buf buf;

    meishi_buf_init(&buf, 8);
    meishi_buf_add_u64(&buf, 1);
    g_assert_false(buf.failed);
    meishi_buf_add(&buf, NULL, 0);
    g_assert_false(buf.failed);
    meishi_buf_add_u8(&buf, 1);
    g_assert_true(buf.failed);
    g_assert_cmpuint(buf.len, ==, 8);
    meishi_buf_clear(&buf);
}

static void
test_failure_sticks(void)
{
    struct meishi_buf buf;

    meishi_buf_init(&buf, 4);
    meishi_buf_add(&buf, "12345", 5);
    g_assert_true(buf.failed);
    meishi_buf_add_u8(&buf, 1);
    g_assert_cmpuint(buf.len, ==, 0);
    meishi_buf_reset(&buf);
    g_assert_false(buf.failed);
    meishi_buf_add_u32(&buf, 1);
    g_assert_false(buf.failed);
    meishi_buf_clear(&buf);
}

static void
test_keeps_content_when_it_grows(void)
{
    struct meishi_buf buf;

    meishi_buf_init(&buf, 70000);
    for (guint i = 0; i < 70000; i++)
        meishi_buf_add_u8(&buf, (guint8)(i * 7));
    g_assert_false(buf.failed);
    for (guint i = 0; i < 70000; i++)
        g_assert_cmpuint(buf.data[i], ==, (guint8)(i * 7));
    meishi_buf_clear(&buf);
}

static void
test_reset_wipes(void)
{
    static const guint8 zero[6];
    struct meishi_buf buf;

    meishi_buf_init(&buf, 100);
    meishi_buf_add(&buf, "secret", 6);
    meishi_buf_reset(&buf);
    g_assert_cmpuint(buf.len, ==, 0);
    g_assert_cmpmem(buf.data, 6, zero, 6); /* the memory is kept for the next message */
    meishi_buf_clear(&buf);
    g_assert_null(buf.data);
    meishi_buf_clear(&buf);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/wire/buf/appends-big-endian", test_appends_big_endian);
    g_test_add_func("/wire/buf/bound-is-exact", test_bound_is_exact);
    g_test_add_func("/wire/buf/failure-sticks", test_failure_sticks);
    g_test_add_func("/wire/buf/keeps-content-when-it-grows", test_keeps_content_when_it_grows);
    g_test_add_func("/wire/buf/reset-wipes", test_reset_wipes);
    return g_test_run();
}
