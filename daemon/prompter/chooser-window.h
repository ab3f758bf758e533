/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The window that asks which certificate a server gets (specification 6.2, 6.3).
 */
#pragma once

#include "cli/question.h"
#include "daemon/prompter/shell.h"

typedef struct MeishiChooserWindow MeishiChooserWindow;

/* Shows it.  @question is borrowed for as long as the window is there. */
MeishiChooserWindow *meishi_chooser_window_new(const MeishiQuestion *question,
                                               MeishiShellAnswered answered, gpointer data);
void meishi_chooser_window_free(MeishiChooserWindow *window); /* closes it; NULL is fine */
