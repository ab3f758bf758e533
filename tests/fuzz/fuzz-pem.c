/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * PEM files: any text with blocks in it.
 */
#include "tests/fuzz/fuzz-bundle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_crypto_init();
    fuzz_bundle_read(data, size);
    return 0;
}
