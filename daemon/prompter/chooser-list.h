/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiChooserList: the certificates of the chooser as a list of radio rows, those that are not
 * offered closed at first (specification 6.2 rule 4, 6.3).
 */
#pragma once

#include "daemon/prompter/words/chooser-view.h"

#include <gtk/gtk.h>

typedef struct MeishiChooserList MeishiChooserList;

/* What the list tells its user. */
typedef struct {
    void (*selected)(gpointer data);  /* another row, or none */
    void (*activated)(gpointer data); /* Enter or a double click on the selected one */
    gpointer data;
} MeishiChooserListUser;

/* @view is borrowed. */
MeishiChooserList *
meishi_chooser_list_new(const MeishiChooserView *view, const MeishiChooserListUser *user);
void meishi_chooser_list_free(MeishiChooserList *list); /* not its widget; NULL is fine */

GtkWidget *meishi_chooser_list_widget(MeishiChooserList *list);

/* The selected row; G_MAXUINT: none. */
guint meishi_chooser_list_selected(const MeishiChooserList *list);

/* FALSE where row @index is not shown or cannot be used. */
gboolean meishi_chooser_list_select(MeishiChooserList *list, guint index);

/* The keyboard goes to the list. */
void meishi_chooser_list_focus(MeishiChooserList *list);
