/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which policies.json Firefox reads.
 */
#pragma once

#include "cli/setup/surroundings.h"

/* The one in force, or the one to write where there is none; below the root, new. */
char *meishi_policies_place_path(const MeishiSurroundings *around);

/* The module of ours that the file names; new, or NULL. */
char *meishi_policies_place_module(const char *path);
