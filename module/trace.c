/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The trace.  Whether there is one is read once, when the module is initialised.
 */
#include "module/trace.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static atomic_bool is_on;

void
meishi_trace_init(void)
{
    atomic_store_explicit(&is_on, secure_getenv("MEISHI_TRACE") != NULL, memory_order_relaxed);
}

void
meishi_trace(const char *event, int result)
{
    char line[128];
    int saved = errno;
    int len;

    if (!atomic_load_explicit(&is_on, memory_order_relaxed))
        return;
    len =
        snprintf(line, sizeof line, "meishi-pkcs11[%ld]: %s: %d\n", (long)getpid(), event, result);
    if (len > 0 && (size_t)len < sizeof line && write(STDERR_FILENO, line, (size_t)len) < 0)
        errno = saved; /* nobody to tell */
    errno = saved;
}
