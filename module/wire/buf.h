/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * An output buffer that grows up to a bound.
 *
 * Failure (bound passed, no memory) sticks: appending goes on without effect, and the one check
 * at the end of a message sees it.  What the buffer ever held is wiped when it grows, is reset or
 * cleared.  Integers are appended big-endian.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct meishi_buf {
    uint8_t *data;
    size_t len;
    size_t cap;
    size_t max;
    bool failed;
};

/* Makes an empty buffer for at most @max bytes; allocates nothing yet. */
void meishi_buf_init(struct meishi_buf *buf, size_t max);

/* Wipes and empties it and forgets a failure; keeps the memory for the next message. */
void meishi_buf_reset(struct meishi_buf *buf);

/* Wipes and frees; the buffer is empty afterwards and may be used again. */
void meishi_buf_clear(struct meishi_buf *buf);

void meishi_buf_add(struct meishi_buf *buf, const void *data, size_t len);
void meishi_buf_add_u8(struct meishi_buf *buf, uint8_t value);
void meishi_buf_add_u32(struct meishi_buf *buf, uint32_t value);
void meishi_buf_add_u64(struct meishi_buf *buf, uint64_t value);

/* A u32 length and the bytes. */
void meishi_buf_add_string(struct meishi_buf *buf, const void *data, size_t len);
