/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Files in a directory that hold certificates or keys.
 */
#pragma once

#include "cli/move-in/haul.h"

/* Adds those of @place and, with @with_subdirectories, of the directories in it to @haul, each
 * once, in the order of their names.  Links that lead out of the directory are not followed.  What
 * goes wrong is the trouble of @place. */
void meishi_directory_source_read(MeishiHaul *haul, MeishiHaulPlace *place,
                                  gboolean with_subdirectories);
