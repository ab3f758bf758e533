/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Labels for texts of any length and of anybody.
 */
#pragma once

#include <gtk/gtk.h>

/* Wraps everywhere, so that no text size clips it, and shows nothing that is not in @text: where a
 * long word is broken there is no hyphen, which would be read as a part of a name.
 * @css_class: NULL for none. */
GtkWidget *meishi_text_new(const char *text, const char *css_class);

/* The same, of which a screen reader is told nothing. */
GtkWidget *meishi_text_new_silent(const char *text, const char *css_class);
