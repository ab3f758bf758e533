/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Setting up places, and undoing it.
 */
#pragma once

#include "cli/setup/journal.h"
#include "cli/setup/outcome.h"
#include "cli/setup/place.h"

/* Writes to @place what it should have, after what undoes it is in @journal.  @journal NULL: says
 * what would be done.  @is_named: the person named the program.  Never NULL. */
MeishiOutcome *meishi_apply_place(const MeishiSurroundings *around, MeishiJournal *journal,
                                  const MeishiPlace *place, gboolean is_named);

/* Puts back what was there before @entry, which is gone from @journal then. */
MeishiOutcome *meishi_apply_undo(const MeishiSurroundings *around, MeishiJournal *journal,
                                 MeishiJournalEntry *entry, gboolean is_dry);
