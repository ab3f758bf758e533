/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the shells' completions ask: meishi __complete WORD...
 */
#pragma once

/* Prints what may stand in the place of the last of @words, one candidate a line: the word, a tab,
 * what it means.  The line ":files" asks the shell for file names.  Quiet about every failure, and
 * never starts the daemon. */
void meishi_complete_print(char **words);
