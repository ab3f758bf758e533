/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * --help, made from the descriptions of the commands.
 */
#pragma once

#include "cli/command.h"

void meishi_help_print_all(void);

/* @path: "vault add-slot". */
void meishi_help_print(const MeishiCommand *command, const char *path);
