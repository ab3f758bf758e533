/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Whether a library is a PKCS#11 module that starts: found out in a host, before anybody relies on
 * it.  Main loop.
 */
#pragma once

#include <gio/gio.h>

/* Loads the library at @path (absolute) and initializes it.  BAD_FILE: it is none; UNAVAILABLE: it
 * does not start, hangs, or ends in the attempt. */
void meishi_module_trial_async(const char *path, GAsyncReadyCallback callback, gpointer user_data);
gboolean meishi_module_trial_finish(GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;
