/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a host or its user sets when the module is initialised.
 */
#pragma once

#include <stdbool.h>

struct meishi_options {
    bool slot_per_identity; /* layout=slot-per-identity */
};

/* Reads @reserved, the pReserved of C_Initialize (NULL: none), and MEISHI_LAYOUT, which has the
 * last word.  False where @reserved is no text, or names a layout that there is not. */
bool meishi_options_read(const char *reserved, struct meishi_options *ret_options)
    __attribute__((warn_unused_result));
