/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The window that asks for a secret: the vault's passphrase ("unlock") or a token's PIN ("pin").
 */
#pragma once

#include "daemon/asking/question.h"
#include "daemon/prompter/shell.h"

MeishiShell *meishi_secret_window_new(const MeishiQuestion *question, MeishiShellAnswered answered,
                                      gpointer data);

/* @shell, such a window whose secret was not taken, asks @question in its place. */
void meishi_secret_window_ask_again(MeishiShell *shell, const MeishiQuestion *question);
