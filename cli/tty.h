/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The terminal itself, where standard output may be something else.
 */
#pragma once

#include <glib.h>
#include <termios.h>

/* Writes @text (UTF-8, cleaned by text.h where it is a stranger's) to @fd in the locale's character
 * set, as g_print() does; what is not in it becomes "?".  FALSE where the terminal takes no more.
 */
gboolean meishi_tty_write(int fd, const char *text);

/* Whole lines and no echo; what was typed before is dropped.  FALSE where that cannot be had. */
gboolean meishi_tty_hush(int fd, struct termios *ret_modes);

/* Likewise, but keys as they are typed; Ctrl-C and Ctrl-Z are signals still. */
gboolean meishi_tty_hush_keys(int fd, struct termios *ret_modes);

/* Back to @modes; what was typed meanwhile and not read is dropped. */
void meishi_tty_restore(int fd, const struct termios *modes);
