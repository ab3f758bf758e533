/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Writing policy files that were something else before.
 */
#pragma once

#include <glib.h>

/* A file that says where it comes from; @source is ours, not a stranger's. */
GString *meishi_policy_writer_begin(const char *source);

/* Appends one item of a list, with everything escaped that has a meaning in a key file. */
void meishi_policy_writer_item(GString *out, const char *text);

/* The text, freeing @out; MEISHI_ERROR_BAD_FILE where the linter would not have it (too large). */
char *meishi_policy_writer_end(GString *out, GError **error) G_GNUC_WARN_UNUSED_RESULT;
