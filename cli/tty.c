/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Text on the terminal; see tty.h.  A terminal that is not UTF-8 must not see UTF-8: to it, the
 * bytes of a harmless letter can be a control character (U+00DB ends with 9B, which is CSI).
 */
#include "cli/tty.h"

#include "daemon/base/fd.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static char *
to_locale(const char *text)
{
    const char *charset;

    if (g_get_charset(&charset))
        return g_strdup(text);
    return g_convert_with_fallback(text, -1, charset, "UTF-8", "?", NULL, NULL, NULL);
}

gboolean
meishi_tty_write(int fd, const char *text)
{
    g_autofree char *bytes = to_locale(text);

    return bytes != NULL && meishi_fd_write_all(fd, bytes, strlen(bytes));
}

/* ---- echo ------------------------------------------------------------------------------------ */

gboolean
meishi_tty_hush(int fd, struct termios *ret_modes)
{
    struct termios quiet;

    if (tcgetattr(fd, ret_modes) != 0)
        return FALSE;
    quiet = *ret_modes;
    quiet.c_lflag &= (tcflag_t) ~(ECHO | ECHONL);
    quiet.c_lflag |= ICANON | ISIG;
    return tcsetattr(fd, TCSAFLUSH, &quiet) == 0;
}

gboolean
meishi_tty_hush_keys(int fd, struct termios *ret_modes)
{
    struct termios quiet;

    if (tcgetattr(fd, ret_modes) != 0)
        return FALSE;
    quiet = *ret_modes;
    quiet.c_iflag &= (tcflag_t) ~(IGNCR | INLCR);
    quiet.c_lflag &= (tcflag_t) ~(ECHO | ECHONL | ICANON | IEXTEN);
    quiet.c_lflag |= ISIG;
    quiet.c_cc[VMIN] = 1;
    quiet.c_cc[VTIME] = 0;
    return tcsetattr(fd, TCSAFLUSH, &quiet) == 0;
}

void
meishi_tty_restore(int fd, const struct termios *modes)
{
    while (tcsetattr(fd, TCSAFLUSH, modes) != 0 && errno == EINTR)
        ;
}
