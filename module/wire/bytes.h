/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A run of bytes that belongs to somebody else.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct meishi_bytes {
    const uint8_t *data; /* may be NULL where @len is 0 */
    size_t len;
};
