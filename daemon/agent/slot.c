/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Key slots: derivation, wrapping, and the associated data that bind a seal to its place.  No
 * state, no disk.  What slot.h says about the bytes is the format; a change needs a new text in the
 * associated data.
 */
#include "daemon/agent/slot.h"

#include "daemon/base/error.h"

#include <string.h>

#define AAD_SLOT            "meishi slot 1"
#define AAD_KEY             "meishi key 1"

#define INFO_KEY_FILE       "meishi slot key-file 1"
#define INFO_SECRET_SERVICE "meishi slot secret-service 1"

MeishiStoreSlot *
meishi_slot_new(MeishiSlotKind kind)
{
    MeishiStoreSlot *slot = g_new0(MeishiStoreSlot, 1);
    guint8 salt[MEISHI_SLOT_SALT_LEN];

    meishi_crypto_random(salt, sizeof salt);
    slot->kind = kind;
    slot->salt = g_bytes_new(salt, sizeof salt);
    slot->created = g_get_real_time() / G_USEC_PER_SEC;
    return slot;
}

MeishiStoreSlot *
meishi_slot_copy(const MeishiStoreSlot *slot)
{
    MeishiStoreSlot *copy = g_memdup2(slot, sizeof *slot);

    copy->salt = g_bytes_ref(slot->salt);
    copy->location = g_strdup(slot->location);
    copy->wrapped = slot->wrapped != NULL ? g_bytes_ref(slot->wrapped) : NULL;
    return copy;
}

const char *
meishi_slot_kind_name(MeishiSlotKind kind)
{
    switch (kind) {
    case MEISHI_SLOT_SECRET_SERVICE:
        return "secret-service";
    case MEISHI_SLOT_PASSPHRASE:
        return "passphrase";
    case MEISHI_SLOT_KEY_FILE:
        return "key-file";
    }
    return "unknown";
}

MeishiSecret *
meishi_slot_derive(const MeishiStoreSlot *slot, MeishiSecret *secret, GError **error)
{
    const MeishiScrypt cost = {slot->scrypt_log2n, slot->scrypt_r, slot->scrypt_p};

    switch (slot->kind) {
    case MEISHI_SLOT_PASSPHRASE:
        return meishi_kdf_scrypt(secret, slot->salt, &cost, MEISHI_VAULT_KEY_LEN, error);
    case MEISHI_SLOT_KEY_FILE:
        return meishi_kdf_hkdf(secret, slot->salt, INFO_KEY_FILE, MEISHI_VAULT_KEY_LEN);
    case MEISHI_SLOT_SECRET_SERVICE:
        return meishi_kdf_hkdf(secret, slot->salt, INFO_SECRET_SERVICE, MEISHI_VAULT_KEY_LEN);
    }
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_CORRUPT,
                "The vault has a key slot of kind %d, "
                "which this version does not know.",
                (int)slot->kind);
    return NULL;
}

static void
append_bytes(GByteArray *array, GBytes *bytes)
{
    gsize len;
    const guint8 *data = g_bytes_get_data(bytes, &len);

    g_byte_array_append(array, data, (guint)len);
}

static void
append_u32(GByteArray *array, guint number)
{
    guint32 big = GUINT32_TO_BE(number);

    g_byte_array_append(array, (const guint8 *)&big, sizeof big);
}

static GByteArray *
slot_aad(const MeishiStoreSlot *slot, GBytes *vault_id)
{
    GByteArray *aad = g_byte_array_new();
    guint8 kind = (guint8)slot->kind;

    g_byte_array_append(aad, (const guint8 *)AAD_SLOT, strlen(AAD_SLOT));
    append_bytes(aad, vault_id);
    g_byte_array_append(aad, &kind, 1);
    append_bytes(aad, slot->salt);
    append_u32(aad, slot->scrypt_log2n);
    append_u32(aad, slot->scrypt_r);
    append_u32(aad, slot->scrypt_p);
    return aad;
}

static GByteArray *
key_aad(GBytes *vault_id, GBytes *spki)
{
    GByteArray *aad = g_byte_array_new();
    guint8 digest[MEISHI_SHA256_LEN];

    meishi_crypto_sha256(g_bytes_get_data(spki, NULL), g_bytes_get_size(spki), digest);
    g_byte_array_append(aad, (const guint8 *)AAD_KEY, strlen(AAD_KEY));
    append_bytes(aad, vault_id);
    g_byte_array_append(aad, digest, sizeof digest);
    return aad;
}

void
meishi_slot_wrap(MeishiStoreSlot *slot, GBytes *vault_id, MeishiSecret *kek,
                 MeishiSecret *vault_key)
{
    g_autoptr(GByteArray) aad = slot_aad(slot, vault_id);

    g_clear_pointer(&slot->wrapped, g_bytes_unref);
    slot->wrapped = meishi_seal(kek, aad->data, aad->len, vault_key);
}

MeishiSecret *
meishi_slot_unwrap(const MeishiStoreSlot *slot, GBytes *vault_id, MeishiSecret *kek, GError **error)
{
    g_autoptr(GByteArray) aad = slot_aad(slot, vault_id);
    g_autoptr(MeishiSecret) key = NULL;

    key = meishi_unseal(kek, aad->data, aad->len, slot->wrapped, error);
    if (key != NULL && meishi_secret_len(key) != MEISHI_VAULT_KEY_LEN) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_CORRUPT,
                    "A key slot of the vault holds something that is not a vault key.");
        return NULL;
    }
    return g_steal_pointer(&key);
}

GBytes *
meishi_slot_seal_key(MeishiSecret *vault_key, GBytes *vault_id, GBytes *spki, MeishiSecret *pkcs8)
{
    g_autoptr(GByteArray) aad = key_aad(vault_id, spki);

    return meishi_seal(vault_key, aad->data, aad->len, pkcs8);
}

MeishiSecret *
meishi_slot_unseal_key(MeishiSecret *vault_key, GBytes *vault_id, GBytes *spki, GBytes *sealed,
                       GError **error)
{
    g_autoptr(GByteArray) aad = key_aad(vault_id, spki);

    return meishi_unseal(vault_key, aad->data, aad->len, sealed, error);
}
