/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Writing to the terminal itself, where standard output may be something else.
 */
#pragma once

#include <glib.h>

/* Writes @text (UTF-8, cleaned by text.h where it is a stranger's) to @fd in the locale's character
 * set, as g_print() does; what is not in it becomes "?".  FALSE where the terminal takes no more.
 */
gboolean meishi_tty_write(int fd, const char *text);
