/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The window that asks whether a program may use a key.
 */
#pragma once

#include "daemon/asking/question.h"
#include "daemon/prompter/shell.h"

/* Shows it.  @question is borrowed for as long as the window is there. */
MeishiShell *meishi_confirm_window_new(const MeishiQuestion *question, MeishiShellAnswered answered,
                                       gpointer data);
