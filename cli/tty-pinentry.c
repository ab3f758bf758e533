/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiTtyPinentry; see tty-pinentry.h.  What the program leaves behind is not believed to be what
 * it found: it may have been killed while it drew.
 */
#include "cli/tty-pinentry.h"

#include "cli/error.h"
#include "cli/pinentry-script.h"
#include "cli/tty.h"

#include <errno.h>
#include <locale.h>
#include <termios.h>

/* The first screen, no attributes, a cursor (xterm's and ECMA-48's). */
#define LEAVE_SCREEN "\033[?1049l\033[0m\033[?25h"

struct MeishiTtyPinentry {
    MeishiTtyPinentryHow how;
    struct termios modes; /* before */
    MeishiPinentry *pinentry;
};

static char **
make_script(const MeishiTtyPinentryHow *how, const MeishiQuestion *question, const char *problem)
{
    const MeishiPinentryPlace place = {.tty = how->path,
                                       .tty_type = g_getenv("TERM"),
                                       .lc_ctype = setlocale(LC_CTYPE, NULL),
                                       .lc_messages = setlocale(LC_MESSAGES, NULL),
                                       .display = g_getenv("DISPLAY")};

    return meishi_pinentry_script_new(question, &place, problem,
                                      g_get_real_time() / G_USEC_PER_SEC);
}

MeishiTtyPinentry *
meishi_tty_pinentry_new(const MeishiTtyPinentryHow *how, const MeishiQuestion *question,
                        const char *problem, MeishiPinentryDone done, gpointer user_data,
                        GError **error)
{
    g_auto(GStrv) script = make_script(how, question, problem);
    g_autofree MeishiTtyPinentry *pinentry = g_new0(MeishiTtyPinentry, 1);

    pinentry->how = *how;
    if (tcgetattr(how->fd, &pinentry->modes) != 0) {
        g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_FAILED, "%s", g_strerror(errno));
        return NULL;
    }
    pinentry->pinentry =
        meishi_pinentry_new(how->program, (const char *const *)script,
                            question->asks == MEISHI_ASKS_CONFIRM, done, user_data, error);
    return pinentry->pinentry != NULL ? g_steal_pointer(&pinentry) : NULL;
}

void
meishi_tty_pinentry_free(MeishiTtyPinentry *pinentry)
{
    if (pinentry == NULL)
        return;
    if (meishi_pinentry_free(pinentry->pinentry) && !pinentry->how.plain)
        (void)meishi_tty_write(pinentry->how.fd, LEAVE_SCREEN);
    meishi_tty_restore(pinentry->how.fd, &pinentry->modes);
    g_free(pinentry);
}
