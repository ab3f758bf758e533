/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which keys are down at this moment, where the display repeats them to whichever window gets the
 * focus.  X11 does; Wayland leaves the repeating to us, and GDK begins with keys pressed here.
 */
#pragma once

#include <gtk/gtk.h>

/* Calls @func with the code, as GDK's events have it, of each. */
void meishi_held_keys_foreach(GdkDisplay *display, void (*func)(guint key, gpointer data),
                              gpointer data);
