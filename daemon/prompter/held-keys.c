/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * XQueryKeymap(3): 256 bits, the key code is the number of the bit.
 */
#include "daemon/prompter/held-keys.h"

#ifdef GDK_WINDOWING_X11
#include <gdk/x11/gdkx.h>

static void
ask_x11(GdkDisplay *display, void (*func)(guint key, gpointer data), gpointer data)
{
    char keys[32] = {0};

    XQueryKeymap(gdk_x11_display_get_xdisplay(display), keys);
    for (guint key = 0; key < 8 * sizeof keys; key++) {
        if (keys[key / 8] & (1 << (key % 8)))
            func(key, data);
    }
}
#endif

void
meishi_held_keys_foreach(GdkDisplay *display, void (*func)(guint key, gpointer data), gpointer data)
{
#ifdef GDK_WINDOWING_X11
    if (GDK_IS_X11_DISPLAY(display))
        ask_x11(display, func, data);
#endif
}
