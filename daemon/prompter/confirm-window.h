/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The window that asks whether a program may use a key.
 */
#pragma once

#include "cli/question.h"
#include "daemon/prompter/shell.h"

typedef struct MeishiConfirmWindow MeishiConfirmWindow;

/* Shows it.  @question is borrowed for as long as the window is there. */
MeishiConfirmWindow *meishi_confirm_window_new(const MeishiQuestion *question,
                                               MeishiShellAnswered answered, gpointer data);
void meishi_confirm_window_free(MeishiConfirmWindow *window); /* closes it; NULL is fine */
