/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Key slots: each holds the vault key, wrapped under a key-encryption key (KEK) of its own.  Here
 * is what is stored and how it is sealed; slot-open.h and slot-make.h do it in the background.  All
 * calls may be used from any thread.
 *
 *   KEK of a passphrase       scrypt(passphrase, salt, cost), 32 bytes
 *   KEK of a key file         HKDF-SHA256(whole file, salt, "meishi slot key-file 1"), 32 bytes
 *   KEK of Secret Service     HKDF-SHA256(32 byte item, salt, "meishi slot secret-service 1")
 *   wrapped                   meishi_seal(KEK, AAD, vault key)
 *   AAD of a slot             "meishi slot 1" | vault id (16) | kind (1 byte) | salt (32) |
 *                             log2n | r | p (each 4 bytes, big-endian; 0 but for a passphrase)
 *   AAD of a private key      "meishi key 1" | vault id (16) | SHA-256 of its SPKI (32)
 *
 * The texts are without a final NUL.  The AAD keeps a slot, or a key, from being moved into another
 * vault or under another certificate, and a slot's cost from being lowered.
 */
#pragma once

#include "daemon/base/secret.h"
#include "daemon/crypto/crypto.h"
#include "daemon/store/store.h"

#define MEISHI_SLOT_SALT_LEN 32
#define MEISHI_VAULT_ID_LEN  16

/* An empty slot with a fresh salt. */
MeishiStoreSlot *meishi_slot_new(MeishiSlotKind kind);
MeishiStoreSlot *meishi_slot_copy(const MeishiStoreSlot *slot);

/* "passphrase", "key-file", "secret-service". */
const char *meishi_slot_kind_name(MeishiSlotKind kind);

/* The KEK of @slot from @secret: the passphrase, the contents of the key file, or the item. Slow
 * for a passphrase. */
MeishiSecret *meishi_slot_derive(const MeishiStoreSlot *slot, MeishiSecret *secret,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Fills slot->wrapped. */
void meishi_slot_wrap(MeishiStoreSlot *slot, GBytes *vault_id, MeishiSecret *kek,
                      MeishiSecret *vault_key);

/* WRONG_SECRET. */
MeishiSecret *meishi_slot_unwrap(const MeishiStoreSlot *slot, GBytes *vault_id, MeishiSecret *kek,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Private keys under the vault key. */
GBytes *
meishi_slot_seal_key(MeishiSecret *vault_key, GBytes *vault_id, GBytes *spki, MeishiSecret *pkcs8);
MeishiSecret *meishi_slot_unseal_key(MeishiSecret *vault_key, GBytes *vault_id, GBytes *spki,
                                     GBytes *sealed, GError **error) G_GNUC_WARN_UNUSED_RESULT;
