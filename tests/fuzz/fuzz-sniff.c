/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How a file begins, of which anything may lie in a directory.  The first byte says how much longer
 * the file is than what was read of it.
 */
#include "cli/move-in/sniff.h"

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0)
        (void)meishi_sniff(data + 1, size - 1, size - 1 + data[0]);
    return 0;
}
