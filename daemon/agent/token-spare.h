/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The vault's key in the place of one on a card: for an identity that lies in both, when the card
 * goes in the middle of a use.  Asks nobody.  Main loop; the work is done elsewhere.
 */
#pragma once

#include "daemon/agent/agent-private.h"

/* Does @op in the first way of @away, which has to live until the end.  LOCKED; errors as those of
 * meishi_key_operate(). */
void meishi_token_spare_use_async(MeishiAgent *agent, MeishiIdentity *identity, MeishiOperation op,
                                  const MeishiAway *away, GAsyncReadyCallback callback,
                                  gpointer user_data);
MeishiSecret *
meishi_token_spare_use_finish(GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;
