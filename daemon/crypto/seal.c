/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Keys at rest: AES-256-GCM (NIST SP 800-38D) with a fresh random nonce for each seal.  With
 * 96-bit nonces one vault key may seal 2^32 times before a repeat becomes likely; a vault seals
 * once for each import.  doc/store.md has the layout.
 */
#include "daemon/crypto/crypto.h"

#include "daemon/crypto/ossl.h"

#include <string.h>

#define SEAL_VERSION 1
#define NONCE_LEN    12
#define TAG_LEN      16
#define OVERHEAD     (1 + NONCE_LEN + TAG_LEN)

static gboolean
encrypt(EVP_CIPHER_CTX *ctx, const guint8 *aad, gsize aad_len, MeishiSecret *plain, guint8 *out)
{
    int len, plain_len = (int)meishi_secret_len(plain);

    return (!aad_len || EVP_EncryptUpdate(ctx, NULL, &len, aad, (int)aad_len) == 1) &&
           (!plain_len ||
            EVP_EncryptUpdate(ctx, out, &len, meishi_secret_data(plain), plain_len) == 1) &&
           EVP_EncryptFinal_ex(ctx, out + plain_len, &len) == 1 &&
           EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_LEN, out + plain_len) == 1;
}

GBytes *
meishi_seal(MeishiSecret *key, const guint8 *aad, gsize aad_len, MeishiSecret *plain)
{
    g_autoptr(EVP_CIPHER_CTX) ctx = EVP_CIPHER_CTX_new();
    gsize total = OVERHEAD + meishi_secret_len(plain);
    g_autofree guint8 *sealed = g_malloc(total);

    g_return_val_if_fail(meishi_secret_len(key) == MEISHI_VAULT_KEY_LEN, NULL);
    g_return_val_if_fail(total <= G_MAXINT && aad_len <= G_MAXINT, NULL);
    sealed[0] = SEAL_VERSION;
    meishi_crypto_random(sealed + 1, NONCE_LEN);
    if (!ctx ||
        EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, meishi_secret_data(key), sealed + 1) !=
            1 ||
        !encrypt(ctx, aad, aad_len, plain, sealed + 1 + NONCE_LEN))
        g_error("AES-256-GCM fails");
    return g_bytes_new_take(g_steal_pointer(&sealed), total);
}

static gboolean
decrypt(EVP_CIPHER_CTX *ctx, const guint8 *aad, gsize aad_len, const guint8 *in,
        MeishiSecret *plain)
{
    int len, plain_len = (int)meishi_secret_len(plain);
    guint8 tag[TAG_LEN], *out = meishi_secret_writable(plain);

    memcpy(tag, in + plain_len, sizeof tag);
    return (!aad_len || EVP_DecryptUpdate(ctx, NULL, &len, aad, (int)aad_len) == 1) &&
           (!plain_len || EVP_DecryptUpdate(ctx, out, &len, in, plain_len) == 1) &&
           EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_LEN, tag) == 1 &&
           EVP_DecryptFinal_ex(ctx, out + plain_len, &len) == 1;
}

MeishiSecret *
meishi_unseal(MeishiSecret *key, const guint8 *aad, gsize aad_len, GBytes *sealed, GError **error)
{
    gsize total;
    const guint8 *bytes = g_bytes_get_data(sealed, &total);
    g_autoptr(EVP_CIPHER_CTX) ctx = EVP_CIPHER_CTX_new();
    g_autoptr(MeishiSecret) plain = NULL;

    g_return_val_if_fail(meishi_secret_len(key) == MEISHI_VAULT_KEY_LEN, NULL);
    if (total < OVERHEAD || total > G_MAXINT || bytes[0] != SEAL_VERSION) {
        g_set_error_literal(error, MEISHI_ERROR, MEISHI_ERROR_WRONG_SECRET,
                            "The sealed bytes have no form that this version knows");
        return NULL;
    }
    plain = meishi_secret_new(total - OVERHEAD);
    if (!ctx ||
        EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, meishi_secret_data(key), bytes + 1) != 1 ||
        !decrypt(ctx, aad, aad_len, bytes + 1 + NONCE_LEN, plain)) {
        ERR_clear_error();
        g_set_error_literal(error, MEISHI_ERROR, MEISHI_ERROR_WRONG_SECRET,
                            "The seal does not open: it was made with another key, or changed");
        return NULL;
    }
    return g_steal_pointer(&plain);
}
