/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which machines programs and libraries are for.
 */
#pragma once

#include "cli/doctor/judge/facts.h"
#include "cli/doctor/judge/finding.h"

/* FALSE where one of them is no ELF file, as scripts are not. */
gboolean meishi_architecture_differs(const MeishiElfFact *a, const MeishiElfFact *b);

/* "amd64", or what can be said of a stranger one; new. */
char *meishi_architecture_describe(const MeishiElfFact *elf);

/* Gives @finding the command that installs the module for @elf. */
void meishi_architecture_mend(const MeishiElfFact *elf, MeishiFinding *finding);
