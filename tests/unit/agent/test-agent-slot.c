/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Key slots and sealed keys: that what is wrapped opens again, that it is bound to its place, and
 * that the bytes are those of slot.h, built here a second time by hand.
 */
#include "daemon/agent/slot.h"

#include "daemon/base/error.h"

#include <string.h>

typedef struct {
    GBytes *vault_id;
    MeishiSecret *vault_key;
    MeishiSecret *kek;
    MeishiStoreSlot *slot;
} Vault;

static MeishiSecret *
filled_secret(guint8 byte)
{
    MeishiSecret *secret = meishi_secret_new(MEISHI_VAULT_KEY_LEN);

    memset(meishi_secret_writable(secret), byte, MEISHI_VAULT_KEY_LEN);
    return secret;
}

static void
set_up(Vault *vault, gconstpointer unused)
{
    vault->vault_id = g_bytes_new_static("0123456789abcdef", MEISHI_VAULT_ID_LEN);
    vault->vault_key = filled_secret(1);
    vault->kek = filled_secret(2);
    vault->slot = meishi_slot_new(MEISHI_SLOT_PASSPHRASE);
    vault->slot->scrypt_log2n = 14;
    vault->slot->scrypt_r = 8;
    vault->slot->scrypt_p = 1;
    meishi_slot_wrap(vault->slot, vault->vault_id, vault->kek, vault->vault_key);
}

static void
tear_down(Vault *vault, gconstpointer unused)
{
    g_bytes_unref(vault->vault_id);
    meishi_secret_unref(vault->vault_key);
    meishi_secret_unref(vault->kek);
    meishi_store_slot_free(vault->slot);
}

static void
assert_opens(Vault *vault, gboolean expected)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiSecret) key =
        meishi_slot_unwrap(vault->slot, vault->vault_id, vault->kek, &error);

    if (expected)
        g_assert_true(meishi_secret_equal(key, vault->vault_key));
    else
        g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_WRONG_SECRET);
}

static void
test_round_trip(Vault *vault, gconstpointer unused)
{
    MeishiStoreSlot *copy = meishi_slot_copy(vault->slot);

    assert_opens(vault, TRUE);
    meishi_store_slot_free(vault->slot);
    vault->slot = copy;
    assert_opens(vault, TRUE);
}

static void
test_bound(Vault *vault, gconstpointer unused)
{
    GBytes *id = vault->vault_id;

    vault->slot->scrypt_log2n = 10;
    assert_opens(vault, FALSE);
    vault->slot->scrypt_log2n = 14;
    vault->slot->scrypt_p = 2;
    assert_opens(vault, FALSE);
    vault->slot->scrypt_p = 1;
    vault->slot->kind = MEISHI_SLOT_KEY_FILE;
    assert_opens(vault, FALSE);
    vault->slot->kind = MEISHI_SLOT_PASSPHRASE;
    vault->vault_id = g_bytes_new_static("another vault's.", MEISHI_VAULT_ID_LEN);
    assert_opens(vault, FALSE);
    g_bytes_unref(vault->vault_id);
    vault->vault_id = id;
    assert_opens(vault, TRUE);
    g_bytes_unref(vault->slot->salt);
    vault->slot->salt = g_bytes_new_static("00000000000000000000000000000000", 32);
    assert_opens(vault, FALSE);
}

/* Whatever slot.h says, byte by byte: a store written today must open in ten years. */
static void
test_format(Vault *vault, gconstpointer unused)
{
    static const guint8 tail[] = {0, 0, 0, 14, 0, 0, 0, 8, 0, 0, 0, 1};
    g_autoptr(GByteArray) aad = g_byte_array_new();
    g_autoptr(MeishiSecret) key = NULL;
    g_autoptr(GError) error = NULL;

    g_byte_array_append(aad, (const guint8 *)"meishi slot 1", 13);
    g_byte_array_append(aad, (const guint8 *)"0123456789abcdef", 16);
    g_byte_array_append(aad, (const guint8 *)"\2", 1);
    g_byte_array_append(aad, g_bytes_get_data(vault->slot->salt, NULL), 32);
    g_byte_array_append(aad, tail, sizeof tail);
    key = meishi_unseal(vault->kek, aad->data, aad->len, vault->slot->wrapped, &error);
    g_assert_no_error(error);
    g_assert_true(meishi_secret_equal(key, vault->vault_key));
}

static void
test_sealed_key(Vault *vault, gconstpointer unused)
{
    g_autoptr(GBytes) spki = g_bytes_new_static("abc", 3);
    g_autoptr(GBytes) other = g_bytes_new_static("abd", 3);
    g_autoptr(MeishiSecret) pkcs8 = meishi_secret_new_copy("the private key", 15);
    g_autoptr(GBytes) sealed = meishi_slot_seal_key(vault->vault_key, vault->vault_id, spki, pkcs8);
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiSecret) opened =
        meishi_slot_unseal_key(vault->vault_key, vault->vault_id, spki, sealed, &error);
    /* SHA-256 of "abc", FIPS 180-2 appendix B.1 */
    static const guint8 aad[] = "meishi key 1"
                                "0123456789abcdef"
                                "\xba\x78\x16\xbf\x8f\x01\xcf\xea\x41\x41\x40\xde\x5d\xae\x22\x23"
                                "\xb0\x03\x61\xa3\x96\x17\x7a\x9c\xb4\x10\xff\x61\xf2\x00\x15\xad";
    g_autoptr(MeishiSecret) by_hand =
        meishi_unseal(vault->vault_key, aad, sizeof aad - 1, sealed, NULL);

    g_assert_no_error(error);
    g_assert_true(meishi_secret_equal(opened, pkcs8));
    g_assert_true(meishi_secret_equal(by_hand, pkcs8));
    g_assert_null(meishi_slot_unseal_key(vault->vault_key, vault->vault_id, other, sealed, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_WRONG_SECRET);
}

/* The same secret in two slots, or for two purposes, gives different keys. */
static void
test_derive(Vault *vault, gconstpointer unused)
{
    g_autoptr(MeishiStoreSlot) file = meishi_slot_new(MEISHI_SLOT_KEY_FILE);
    g_autoptr(MeishiStoreSlot) other_file = meishi_slot_new(MEISHI_SLOT_KEY_FILE);
    g_autoptr(MeishiStoreSlot) item = meishi_slot_copy(file);
    g_autoptr(MeishiSecret) a = NULL;
    g_autoptr(MeishiSecret) b = NULL;
    g_autoptr(MeishiSecret) c = NULL;
    g_autoptr(MeishiSecret) d = NULL;
    g_autoptr(GError) error = NULL;

    item->kind = MEISHI_SLOT_SECRET_SERVICE;
    a = meishi_slot_derive(file, vault->kek, &error);
    b = meishi_slot_derive(file, vault->kek, &error);
    c = meishi_slot_derive(other_file, vault->kek, &error);
    d = meishi_slot_derive(item, vault->kek, &error);
    g_assert_no_error(error);
    g_assert_true(meishi_secret_equal(a, b));
    g_assert_false(meishi_secret_equal(a, c));
    g_assert_false(meishi_secret_equal(a, d));
    g_assert_cmpuint(meishi_secret_len(a), ==, MEISHI_VAULT_KEY_LEN);
}

static void
test_unknown_kind(Vault *vault, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;

    vault->slot->kind = (MeishiSlotKind)9;
    g_assert_null(meishi_slot_derive(vault->slot, vault->kek, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_CORRUPT);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_true(meishi_crypto_init(NULL));
#define ADD(name, function) \
    g_test_add("/agent/slot/" name, Vault, NULL, set_up, function, tear_down)
    ADD("round-trip", test_round_trip);
    ADD("bound", test_bound);
    ADD("format", test_format);
    ADD("sealed-key", test_sealed_key);
    ADD("derive", test_derive);
    ADD("unknown-kind", test_unknown_kind);
    return g_test_run();
}
