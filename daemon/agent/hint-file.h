/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Bound hints outlive the daemon: a program under `meishi exec` must not see more because the
 * daemon was killed and started again.  They lie in RUNTIME/meishi/bound, which ends with the
 * session, as the processes do.
 */
#pragma once

#include "daemon/agent/hints.h"

/* Writes all bound hints.  IO, NO_SPACE, PERMISSIONS. */
gboolean meishi_hint_file_save(const MeishiHints *hints, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Adds those whose processes live still; what cannot be read is passed over. */
void meishi_hint_file_load(MeishiHints *hints, gint64 now);
