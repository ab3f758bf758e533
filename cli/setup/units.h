/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * systemd's side of setup: which sockets are enabled for all users.
 */
#pragma once

#include "cli/setup/journal.h"

/* Has systemd apply its presets to our socket; says in @journal that it was us.  @journal NULL:
 * nothing. */
gboolean meishi_units_enable(const MeishiSurroundings *around, MeishiJournal *journal,
                             const MeishiPlace *place, GError **error) G_GNUC_WARN_UNUSED_RESULT;

gboolean meishi_units_disable(const MeishiSurroundings *around, gboolean is_dry,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
