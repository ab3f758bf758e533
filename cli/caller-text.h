/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Who asks, and for which server, in the words of every question on a terminal.  Pure; what is
 * returned is new, clean (cli/text.h) and short enough not to push everything else off the screen.
 */
#pragma once

#include "daemon/asking/question.h"

/* "curl, pid 4711, /usr/bin/curl"; "org.gnome.Epiphany, sandboxed, pid 4711". */
char *meishi_caller_text_program(const MeishiQuestion *question);

/* "git.example.com:8443"; a name that is not ASCII in both forms. */
char *meishi_caller_text_host(const MeishiQuestion *question);

/* @text of a stranger's: cleaned, and at most 80 columns of it. */
char *meishi_caller_text_bounded(const char *text);
