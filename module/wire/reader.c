/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The cursor over received bytes: every read goes through take(), which is the only bounds check.
 */
#include "module/wire/reader.h"

void
meishi_reader_init(struct meishi_reader *reader, const void *data, size_t len)
{
    *reader = (struct meishi_reader){.data = data, .left = len};
}

static const uint8_t *
take(struct meishi_reader *reader, size_t len)
{
    const uint8_t *at = reader->data;

    if (reader->failed || len > reader->left) {
        reader->failed = true;
        return NULL;
    }
    if (len > 0)
        reader->data += len;
    reader->left -= len;
    return at;
}

static uint64_t
read_big_endian(struct meishi_reader *reader, size_t width)
{
    const uint8_t *at = take(reader, width);
    uint64_t value = 0;

    for (size_t i = 0; at != NULL && i < width; i++)
        value = value << 8 | at[i];
    return value;
}

uint8_t
meishi_reader_u8(struct meishi_reader *reader)
{
    return (uint8_t)read_big_endian(reader, 1);
}

uint32_t
meishi_reader_u32(struct meishi_reader *reader)
{
    return (uint32_t)read_big_endian(reader, 4);
}

uint64_t
meishi_reader_u64(struct meishi_reader *reader)
{
    return read_big_endian(reader, 8);
}

struct meishi_bytes
meishi_reader_string(struct meishi_reader *reader, size_t max)
{
    uint32_t len = meishi_reader_u32(reader);
    const uint8_t *at;

    if (len > max)
        reader->failed = true;
    at = take(reader, len);
    return at != NULL ? (struct meishi_bytes){at, len} : (struct meishi_bytes){NULL, 0};
}

bool
meishi_reader_end(const struct meishi_reader *reader)
{
    return !reader->failed && reader->left == 0;
}
