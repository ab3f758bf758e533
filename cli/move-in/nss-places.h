/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which NSS databases a program has: one for each profile.
 */
#pragma once

#include "cli/move-in/haul.h"

/* Adds the directories of the databases of @program ("firefox", "thunderbird", "chromium") to
 * @haul: those of all profiles, or of the one called @profile.  NOT_FOUND where there is none; the
 * message says what there is instead. */
gboolean meishi_nss_places_add(MeishiHaul *haul, const char *program, const char *profile,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
