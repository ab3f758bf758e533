/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "module/wire/reader.h"

#include <glib.h>

static const guint8 bytes[] = {0xab, 1, 2, 3, 4, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 2, 'h', 'i'};

static gboolean
read_all(struct meishi_reader *reader)
{
    struct meishi_bytes text;
    gboolean is_right = meishi_reader_u8(reader) == 0xab;

    is_right &= meishi_reader_u32(reader) == 0x01020304;
    is_right &= meishi_reader_u64(reader) == 0x0102030405060708;
    text = meishi_reader_string(reader, 2);
    return is_right && text.len == 2 && text.data[0] == 'h' && meishi_reader_end(reader);
}

static void
test_reads_what_was_written(void)
{
    struct meishi_reader reader;

    meishi_reader_init(&reader, bytes, sizeof bytes);
    g_assert_true(read_all(&reader));
}

static void
test_truncated_anywhere(void)
{
    for (gsize len = 0; len < sizeof bytes; len++) {
        g_autofree guint8 *copy = g_memdup2(bytes, len);
        struct meishi_reader reader;

        meishi_reader_init(&reader, copy, len);
        g_assert_false(read_all(&reader));
        g_assert_true(reader.failed);
    }
}

static void
test_left_over_is_an_error(void)
{
    struct meishi_reader reader;

    meishi_reader_init(&reader, bytes, sizeof bytes);
    meishi_reader_u8(&reader);
    g_assert_false(meishi_reader_end(&reader));
}

static void
test_failure_sticks(void)
{
    struct meishi_reader reader;

    meishi_reader_init(&reader, bytes, 3);
    g_assert_cmpuint(meishi_reader_u64(&reader), ==, 0);
    g_assert_cmpuint(meishi_reader_u8(&reader), ==, 0); /* although three bytes are there */
    g_assert_null(meishi_reader_string(&reader, 10).data);
    g_assert_false(meishi_reader_end(&reader));
}

static void
test_string_cap(void)
{
    static const guint8 long_string[] = {0, 0, 0, 3, 'a', 'b', 'c'};
    static const guint8 huge[] = {0xff, 0xff, 0xff, 0xff, 'a'};
    struct meishi_reader reader;

    meishi_reader_init(&reader, long_string, sizeof long_string);
    g_assert_cmpuint(meishi_reader_string(&reader, 2).len, ==, 0);
    g_assert_true(reader.failed);
    meishi_reader_init(&reader, huge, sizeof huge);
    g_assert_cmpuint(meishi_reader_string(&reader, G_MAXUINT32).len, ==, 0);
    g_assert_true(reader.failed);
}

static void
test_empty(void)
{
    struct meishi_reader reader;

    meishi_reader_init(&reader, NULL, 0);
    g_assert_true(meishi_reader_end(&reader));
    meishi_reader_init(&reader, "\0\0\0\0", 4);
    g_assert_cmpuint(meishi_reader_string(&reader, 0).len, ==, 0);
    g_assert_true(meishi_reader_end(&reader));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/wire/reader/reads-what-was-written", test_reads_what_was_written);
    g_test_add_func("/wire/reader/truncated-anywhere", test_truncated_anywhere);
    g_test_add_func("/wire/reader/left-over-is-an-error", test_left_over_is_an_error);
    g_test_add_func("/wire/reader/failure-sticks", test_failure_sticks);
    g_test_add_func("/wire/reader/string-cap", test_string_cap);
    g_test_add_func("/wire/reader/empty", test_empty);
    return g_test_run();
}
