/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The one way in which libc-only code forgets secret bytes.
 */
#pragma once

#include <stddef.h>
#include <string.h>

/* Overwrites @len bytes at @p so that the compiler cannot leave it out.  NULL with 0 is fine. */
static inline void
meishi_wipe(void *p, size_t len)
{
    if (p != NULL && len > 0)
        explicit_bzero(p, len);
}
