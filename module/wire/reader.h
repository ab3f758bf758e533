/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A cursor over received bytes.
 *
 * It borrows them and allocates nothing.  Failure (too few bytes, a length over its cap) sticks:
 * every later read gives 0 or the empty string, and meishi_reader_end() says so once.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "module/wire/bytes.h"

struct meishi_reader {
    const uint8_t *data;
    size_t left;
    bool failed;
};

void meishi_reader_init(struct meishi_reader *reader, const void *data, size_t len);
uint8_t meishi_reader_u8(struct meishi_reader *reader);
uint32_t meishi_reader_u32(struct meishi_reader *reader);
uint64_t meishi_reader_u64(struct meishi_reader *reader);

/* A string of at most @max bytes; points into the received bytes. */
struct meishi_bytes meishi_reader_string(struct meishi_reader *reader, size_t max);

/* True where everything could be read and nothing is left over. */
bool meishi_reader_end(const struct meishi_reader *reader) __attribute__((warn_unused_result));
