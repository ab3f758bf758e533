/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * All places of a machine.
 */
#pragma once

#include "cli/setup/place.h"
#include "cli/setup/surroundings.h"

/* The programs that setup knows ("p11-kit", "firefox", ...), NULL-terminated; static. */
const char *const *meishi_places_programs(void);

/* Where the programs of @around look (MeishiPlace), in the order of meishi_places_programs(): those
 * that are installed or have left something in the home.  @programs: these alone; NULL for all.
 * Reads, and changes nothing. */
GPtrArray *meishi_places_find(const MeishiSurroundings *around, const char *const *programs);
