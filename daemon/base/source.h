/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Ending a source that is held by reference, as g_clear_handle_id() ends one that is held by
 * number.
 */
#pragma once

#include <glib.h>

/* Destroys *@source, drops the reference and makes it NULL; NULL is fine. */
static inline void
meishi_source_clear(GSource **source)
{
    if (*source != NULL)
        g_source_destroy(*source);
    g_clear_pointer(source, g_source_unref);
}
