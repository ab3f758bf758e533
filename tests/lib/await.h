/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * For tests that wait for an asynchronous call: give it await_note() and the address of a result
 * that is NULL, await_result() it, and finish it.
 */
#pragma once

#include <gio/gio.h>

static inline void
await_note(GObject *source, GAsyncResult *result, gpointer user_data)
{
    *(GAsyncResult **)user_data = g_object_ref(result);
}

static inline void
await_result(GAsyncResult *const *result)
{
    while (*result == NULL)
        g_main_context_iteration(NULL, TRUE);
}
