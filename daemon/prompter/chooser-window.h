/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The window that asks which certificate a server gets (specification 6.2, 6.3).
 */
#pragma once

#include "daemon/asking/question.h"
#include "daemon/prompter/shell.h"

/* Shows it.  @question is borrowed for as long as the window is there. */
MeishiShell *meishi_chooser_window_new(const MeishiQuestion *question, MeishiShellAnswered answered,
                                       gpointer data);
