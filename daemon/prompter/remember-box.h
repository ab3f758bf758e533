/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiRememberBox: for how long an answer holds, for how much of the host, for which programs.
 * Shows what the question allows and nothing where there is no choice.
 */
#pragma once

#include "daemon/prompter/words/answer.h"
#include "daemon/prompter/words/chooser-view.h"

#include <gtk/gtk.h>

typedef struct MeishiRememberBox MeishiRememberBox;

/* @view is borrowed. */
MeishiRememberBox *meishi_remember_box_new(const MeishiChooserView *view);
void meishi_remember_box_free(MeishiRememberBox *box); /* not its widget; NULL is fine */

GtkWidget *meishi_remember_box_widget(MeishiRememberBox *box);
void meishi_remember_box_get(const MeishiRememberBox *box, MeishiRemembering *ret_remembering);
