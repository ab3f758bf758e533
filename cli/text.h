/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Text for a terminal: names in certificates are chosen by strangers.  Pure functions; every
 * string returned is new, for g_free().
 */
#pragma once

#include <glib.h>

/* @text with everything that would move the cursor, change colours, or reorder what is shown
 * (meishi_untrusted_is_safe() says no) written as \uXXXX. */
char *meishi_text_clean(const char *text);

/* FALSE with an error where @label, as it was typed, is no UTF-8.  Whatever the locale is: a label
 * is the same everywhere.  What else a label may be is for the daemon to say. */
gboolean meishi_text_check_label(const char *label, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* How many columns @text takes: two for wide characters, none for combining ones. */
guint meishi_text_width(const char *text);

/* @text if it fits into @width columns (at least 1), else as much as fits before "…".  A pile of
 * combining marks does not fit. */
char *meishi_text_ellipsize(const char *text, guint width);

/* @text broken at blanks into lines of at most @width columns, each but the first behind @indent
 * blanks; newlines stay.  No newline at the end. */
char *meishi_text_wrap(const char *text, guint width, guint indent);
