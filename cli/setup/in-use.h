/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which program has a browser's files open.
 */
#pragma once

#include <glib.h>

/* "firefox-esr (process 123)" where a process of this person's has the NSS database in @dir open,
 * or @dir is a Mozilla profile in use; new, or NULL.  @proc: "/proc". */
char *meishi_in_use_nss(const char *proc, const char *dir);

/* The same where the directory @dir has the lock of a running Chromium. */
char *meishi_in_use_chromium(const char *proc, const char *dir);
