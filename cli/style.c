/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Decides once, at the start, whether standard output and standard error are coloured.  Only the
 * eight basic colours and attributes of ECMA-48 are used: they follow the person's own theme.
 */
#include "cli/style.h"

#include <unistd.h>

static gboolean enabled[3];

static gboolean
suits(int fd)
{
    const char *no_color = g_getenv("NO_COLOR");
    const char *term = g_getenv("TERM");

    return isatty(fd) && (no_color == NULL || no_color[0] == '\0') && term != NULL &&
           !g_str_equal(term, "dumb");
}

gboolean
meishi_style_setup(const char *when)
{
    gboolean always = g_strcmp0(when, "always") == 0;
    gboolean never = g_strcmp0(when, "never") == 0;

    if (when != NULL && !always && !never && !g_str_equal(when, "auto"))
        return FALSE;
    for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++)
        enabled[fd] = always || (!never && suits(fd));
    return TRUE;
}

gboolean
meishi_style_enabled(int fd)
{
    return enabled[fd];
}

const char *
meishi_style_on(MeishiStyle style, int fd)
{
    static const char *const codes[] = {
        [MEISHI_STYLE_PLAIN] = "",        [MEISHI_STYLE_STRONG] = "\033[1m",
        [MEISHI_STYLE_FAINT] = "\033[2m", [MEISHI_STYLE_GOOD] = "\033[32m",
        [MEISHI_STYLE_WARN] = "\033[33m", [MEISHI_STYLE_BAD] = "\033[31m",
    };

    return enabled[fd] ? codes[style] : "";
}

const char *
meishi_style_off(MeishiStyle style, int fd)
{
    return enabled[fd] && style != MEISHI_STYLE_PLAIN ? "\033[0m" : "";
}
