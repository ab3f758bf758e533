/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Colours: on a terminal that can show them, and only where they carry meaning.
 */
#pragma once

#include <glib.h>

typedef enum {
    MEISHI_STYLE_PLAIN,
    MEISHI_STYLE_STRONG, /* what a line is about */
    MEISHI_STYLE_FAINT,  /* what can be passed over */
    MEISHI_STYLE_GOOD,
    MEISHI_STYLE_WARN, /* needs attention some day */
    MEISHI_STYLE_BAD,  /* does not work */
} MeishiStyle;

/* "auto" (also NULL), "always" or "never"; FALSE for anything else.  Auto obeys NO_COLOR and
 * TERM=dumb (no-color.org). */
gboolean meishi_style_setup(const char *when);

/* Whether output to @fd (1 or 2) is coloured. */
gboolean meishi_style_enabled(int fd);

/* What switches @style on, "" where @fd is not coloured; static. */
const char *meishi_style_on(MeishiStyle style, int fd);
/* And off again. */
const char *meishi_style_off(MeishiStyle style, int fd);
