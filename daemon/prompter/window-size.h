/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How large a window is: as large as what it shows, in the person's text size, on this screen.
 */
#pragma once

#include <gtk/gtk.h>

/* @pixels of text in the size that a desktop begins with, in the size that the person has. */
int meishi_window_size_scaled(int pixels);

/* How high @window can be on this screen. */
int meishi_window_size_highest(GtkWindow *window);

/* @window has @width, which is scaled, and the height of its content and @slack more; both as far
 * as that fits on the screen.  What does not, @scroller scrolls.  For a window that has all its
 * content and is not shown yet. */
void meishi_window_size_fit(GtkWindow *window, GtkScrolledWindow *scroller, int width, int slack);
