/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Why it was decided so: nothing is asked, everything can be copied.
 */
#pragma once

#include "daemon/prompter/shell.h"

/* @question is borrowed as long as the window is there. */
MeishiShell *meishi_explain_window_new(const MeishiQuestion *question, MeishiShellAnswered answered,
                                       gpointer data);
