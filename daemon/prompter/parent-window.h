/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The window of another program, before which a window of ours stands (specification 5.8).
 */
#pragma once

#include <gtk/gtk.h>

/* Once it is realized, @window belongs to the window @parent: "x11:HEX" or "wayland:HANDLE", the
 * strings of xdg-desktop-portal.  For anything else, or another display's, nothing happens. */
void meishi_parent_window_set(GtkWindow *window, const char *parent);
