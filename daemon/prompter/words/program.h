/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The program that asks and the server it asks for, in words.  Every string is new, clean, and
 * isolated where it is a stranger's.
 */
#pragma once

#include "daemon/asking/question.h"

/* FALSE where the person has begun it here: then no program is named. */
gboolean meishi_program_asks(const MeishiQuestion *question);

/* "curl", "org.gnome.Epiphany" */
char *meishi_program_name(const MeishiQuestion *question);

/* How sure its name is, and what else is known: "recognised by its file /usr/bin/curl · process
 * 4711 · says it is “Bank”". */
char *meishi_program_detail(const MeishiQuestion *question);

/* "git.example.com:8443"; names that are not ASCII in both forms; NULL where the server is not
 * known. */
char *meishi_program_target(const MeishiQuestion *question);
