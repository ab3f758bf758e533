/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a screen reader is told beside the names of things: descriptions, and news that it speaks
 * by itself.
 */
#pragma once

#include <gtk/gtk.h>

/* @text is what is said of @widget after its name; NULL or "" is nothing. */
void meishi_accessible_describe(GtkWidget *widget, const char *text);

/* Has @text spoken now, whatever the person is at in the window of @within. */
void meishi_accessible_announce(GtkWidget *within, const char *text);
