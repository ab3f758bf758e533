/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * policies.json: the modules that Firefox loads for all users.  Pure functions; every string
 * returned is new.  BAD_FILE where it is not what Firefox would read.
 */
#pragma once

#include <glib.h>

/* *@ret_module: the module of ours that @text names; NULL where it names none. */
gboolean meishi_firefox_policies_find(const char *text, char **ret_module,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* @text ("" for a new file) with @module among its security devices.  Everything else stays what
 * it is, though not how it was indented. */
char *meishi_firefox_policies_add(const char *text, const char *module,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* @text without our module, and without objects that are empty then. */
char *meishi_firefox_policies_remove(const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;
