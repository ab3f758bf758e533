/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the desktop calls a program whose name is certain, and its icon.
 */
#pragma once

#include <gio/gio.h>

/* @application as in MeishiQuestion.  NULL where the name is not a sandbox's, which any program
 * could take, or where no such program is installed; new. */
GAppInfo *meishi_installed_program_find(const char *application);
