/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Identities in an NSS database.
 */
#pragma once

#include "cli/move-in/haul.h"

/* Adds what has a key in the database of @place to @haul.  A password that it needs is looked for
 * among @passwords (MeishiSecret), then, unless they were @given by options, asked for; one that is
 * typed is added to them.  What goes wrong is the trouble of @place. */
void meishi_nss_source_read(MeishiHaul *haul, MeishiHaulPlace *place, GPtrArray *passwords,
                            gboolean given);
