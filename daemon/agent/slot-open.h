/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Opening the vault through one of its slots, in the background.
 */
#pragma once

#include <gio/gio.h>

#include "daemon/agent/slot.h"

/* Tries the slots out of @slots (MeishiStoreSlot; copied) that fit: with @passphrase its slots,
 * else those that need no passphrase, key files first.  @interactive: the keyring may ask the
 * person to unlock it.  Finishes with the vault key.
 *
 * WRONG_SECRET  the passphrase opens nothing
 * NOT_FOUND     a passphrase was given and the vault has no slot for one
 * LOCKED        nothing opened without a passphrase; the message says why, slot by slot
 * CANCELLED */
void meishi_slot_open_async(GPtrArray *slots, GBytes *vault_id, MeishiSecret *passphrase,
                            gboolean interactive, GCancellable *cancellable,
                            GAsyncReadyCallback callback, gpointer user_data);
MeishiSecret *
meishi_slot_open_finish(GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;
