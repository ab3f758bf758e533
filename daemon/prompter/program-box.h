/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Who asks, at the head of a window: icon, name, and how sure that is.
 */
#pragma once

#include <gtk/gtk.h>

/* @application as in MeishiQuestion; @name and @detail: what is said of it (words/program.h). */
GtkWidget *meishi_program_box_new(const char *application, const char *name, const char *detail);
