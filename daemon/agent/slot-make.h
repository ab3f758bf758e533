/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Making a key slot from what a person asked for, in the background.  Nothing is stored but the key
 * file, or the keyring's item, that the slot needs; storing the slot is the caller's.
 */
#pragma once

#include "daemon/agent/agent.h"
#include "daemon/agent/slot.h"

/* Wraps @vault_key in a new slot as @request says; request->kind 0 takes the Secret Service where
 * one answers and a key file where there is none.  @interactive: the keyring may ask the person
 * something.
 *
 * A Secret Service that is locked or silent is an error (LOCKED, TIMEOUT, FAILED) and no reason for
 * a key file: the person decides.  UNAVAILABLE, INVALID_ARGUMENT, and the errors of key-file.h. */
void
meishi_slot_make_async(const MeishiSlotRequest *request, GBytes *vault_id, MeishiSecret *vault_key,
                       gboolean interactive, GCancellable *cancellable,
                       GAsyncReadyCallback callback, gpointer user_data);
MeishiStoreSlot *
meishi_slot_make_finish(GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Removes what a slot left outside the store: the keyring's item (a key file stays, others may use
 * it).  In the background; nobody is told how it went, since the slot is gone either way. */
void meishi_slot_make_forget(const MeishiStoreSlot *slot);

/* How long one guess of a passphrase shall take here; 500 ms unless tests want it faster. */
void meishi_slot_make_set_scrypt_target(guint target_ms);
guint meishi_slot_make_scrypt_target(void);
