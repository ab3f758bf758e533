/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Keeps what has the focus in sight where the size of what scrolls, or of what it scrolls in,
 * changes: GTK scrolls to it only when the focus moves, which may be before there is any size.
 */
#pragma once

#include <gtk/gtk.h>

/* @content: what @scroller scrolls, within it. */
void meishi_focus_sight_keep(GtkScrolledWindow *scroller, GtkWidget *content);
