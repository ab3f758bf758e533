/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Texts of strangers where a person reads them: windows, notifications (specification 6.2 rule 9).
 * Pure; every string is new.
 */
#pragma once

#include <glib.h>

/* FALSE for what controls, reorders or hides what is around it.  Joiners, which scripts and emoji
 * need, are safe. */
gboolean meishi_untrusted_is_safe(gunichar c);

/* @text on a single line: whatever controls, reorders or hides is U+FFFD; at most 80 characters. */
char *meishi_untrusted_line(const char *text);

/* The same for a host: a long one lacks its beginning, because its end says whose it is.  Leaves
 * room for a port in the line. */
char *meishi_untrusted_host(const char *host);

/* The same in full, for the details; at most 4096 characters, because a window has to stay one. */
char *meishi_untrusted_full(const char *text);

/* The line with marks around it that keep its direction from reaching the words beside it. */
char *meishi_untrusted_isolated(const char *text);

/* @text without these marks, for a screen reader. */
char *meishi_untrusted_spoken(const char *text);
