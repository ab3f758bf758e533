/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the fuzz targets of daemon/crypto/ share: reading with limits so low that an input costs
 * little, and what must hold of whatever comes out.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Reads @data as meishi_bundle_read() does, with some passwords of the corpus; aborts where the
 * result, or the error, is not what it should be. */
void fuzz_bundle_read(const uint8_t *data, size_t size);

void fuzz_crypto_init(void);
