/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The bounded output buffer.  Growing allocates, copies and wipes; realloc() would leave the old
 * bytes behind in freed memory.
 */
#include "module/wire/buf.h"

#include "module/wire/wipe.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 512

void
meishi_buf_init(struct meishi_buf *buf, size_t max)
{
    *buf = (struct meishi_buf){.max = max};
}

void
meishi_buf_reset(struct meishi_buf *buf)
{
    meishi_wipe(buf->data, buf->len);
    buf->len = 0;
    buf->failed = false;
}

void
meishi_buf_clear(struct meishi_buf *buf)
{
    meishi_buf_reset(buf);
    free(buf->data);
    buf->data = NULL;
    buf->cap = 0;
}

static size_t
choose_capacity(const struct meishi_buf *buf, size_t need)
{
    size_t cap = buf->cap > 0 ? buf->cap : FIRST_CAPACITY;

    while (cap < need)
        cap *= 2;
    return cap < buf->max ? cap : buf->max;
}

static bool
grow(struct meishi_buf *buf, size_t need)
{
    size_t cap = choose_capacity(buf, need);
    uint8_t *data = malloc(cap);

    if (data == NULL)
        return false;
    if (buf->len > 0)
        memcpy(data, buf->data, buf->len);
    meishi_wipe(buf->data, buf->len);
    free(buf->data);
    buf->data = data;
    buf->cap = cap;
    return true;
}

static uint8_t *
reserve(struct meishi_buf *buf, size_t len)
{
    uint8_t *at;

    if (buf->failed)
        return NULL;
    if (len > buf->max - buf->len || (len > buf->cap - buf->len && !grow(buf, buf->len + len))) {
        buf->failed = true;
        return NULL;
    }
    at = buf->data + buf->len;
    buf->len += len;
    return at;
}

void
meishi_buf_add(struct meishi_buf *buf, const void *data, size_t len)
{
    uint8_t *at;

    if (len == 0)
        return;
    at = reserve(buf, len);
    if (at != NULL)
        memcpy(at, data, len);
}

static void
add_big_endian(struct meishi_buf *buf, uint64_t value, size_t width)
{
    uint8_t *at = reserve(buf, width);

    for (size_t i = width; at != NULL && i > 0; i--) {
        at[i - 1] = (uint8_t)value;
        value >>= 8;
    }
}

void
meishi_buf_add_u8(struct meishi_buf *buf, uint8_t value)
{
    add_big_endian(buf, value, 1);
}

void
meishi_buf_add_u32(struct meishi_buf *buf, uint32_t value)
{
    add_big_endian(buf, value, 4);
}

void
meishi_buf_add_u64(struct meishi_buf *buf, uint64_t value)
{
    add_big_endian(buf, value, 8);
}

void
meishi_buf_add_string(struct meishi_buf *buf, const void *data, size_t len)
{
    if (len > UINT32_MAX) {
        buf->failed = true;
        return;
    }
    meishi_buf_add_u32(buf, (uint32_t)len);
    meishi_buf_add(buf, data, len);
}
