/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Looks at the machine, the person's files and the daemon, for `meishi doctor`.  Changes nothing,
 * starts nothing, and judges nothing: what cannot be seen is left out of the facts.
 */
#pragma once

#include "cli/doctor/judge/facts.h"

/* Everything.  Never NULL. */
MeishiFacts *meishi_gather(void);
