/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiKey: an EVP_PKEY and a few prepared signing contexts.
 *
 * Making a context costs OpenSSL about a tenth of a P-256 signature, so each key keeps some.  A
 * slot of the array is taken and filled with single atomic exchanges: threads never wait for each
 * other, and a context is with one thread or in one slot.  Only contexts without parameters are
 * kept (ECDSA on a given hash), so nothing of one signature reaches the next.
 */
#include "daemon/crypto/key.h"

#include "daemon/crypto/key-check.h"
#include "daemon/crypto/spki.h"

#define N_SIGNERS 8

struct MeishiKey {
    gint refs;
    EVP_PKEY *pkey;
    GBytes *spki;
    EVP_PKEY_CTX *signers[N_SIGNERS];
};

static PKCS8_PRIV_KEY_INFO *
decode_info(MeishiSecret *pkcs8, GError **error)
{
    const unsigned char *p = meishi_secret_data(pkcs8), *end = p + meishi_secret_len(pkcs8);
    g_autoptr(PKCS8_PRIV_KEY_INFO) info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &p, (long)(end - p));

    if (info && p == end)
        return g_steal_pointer(&info);
    meishi_ossl_set_error(error, MEISHI_ERROR_BAD_FILE, "The private key cannot be read");
    return NULL;
}

static EVP_PKEY *
decode_key(MeishiSecret *pkcs8, GError **error)
{
    g_autoptr(PKCS8_PRIV_KEY_INFO) info = decode_info(pkcs8, error);
    g_autoptr(EVP_PKEY) pkey = info ? EVP_PKCS82PKEY(info) : NULL;

    if (info && !pkey)
        meishi_ossl_set_error(error, MEISHI_ERROR_BAD_FILE,
                              "The private key is of a type that cannot be read, or damaged");
    if (!pkey || !meishi_spki_check_usable(pkey, error))
        return NULL;
    return g_steal_pointer(&pkey);
}

static gboolean
check_heap(GError **error)
{
    if (CRYPTO_secure_used() < MEISHI_SECURE_HEAP_KEYS)
        return TRUE;
    g_set_error_literal(error, MEISHI_ERROR, MEISHI_ERROR_BUSY,
                        "Too many private keys are in memory at once. Lock the vault to drop "
                        "those that are not in use");
    return FALSE;
}

MeishiKey *
meishi_key_new(MeishiSecret *pkcs8, gboolean thorough, GError **error)
{
    g_autoptr(EVP_PKEY) pkey = check_heap(error) ? decode_key(pkcs8, error) : NULL;
    g_autoptr(GBytes) spki = NULL;
    MeishiKey *key;

    if (!pkey || (thorough && !meishi_key_check(pkey, error)))
        return NULL;
    spki = meishi_spki_encode(pkey);
    if (!spki) {
        meishi_ossl_set_error(error, MEISHI_ERROR_BAD_FILE, "The private key has no public half");
        return NULL;
    }
    key = g_new0(MeishiKey, 1);
    key->refs = 1;
    key->pkey = g_steal_pointer(&pkey);
    key->spki = g_steal_pointer(&spki);
    return key;
}

MeishiKey *
meishi_key_ref(MeishiKey *key)
{
    g_atomic_int_inc(&key->refs);
    return key;
}

void
meishi_key_unref(MeishiKey *key)
{
    if (!key || !g_atomic_int_dec_and_test(&key->refs))
        return;
    for (gsize i = 0; i < N_SIGNERS; i++)
        EVP_PKEY_CTX_free(key->signers[i]);
    EVP_PKEY_free(key->pkey);
    g_bytes_unref(key->spki);
    g_free(key);
}

GBytes *
meishi_key_spki(MeishiKey *key)
{
    return g_bytes_ref(key->spki);
}

EVP_PKEY *
meishi_key_pkey(MeishiKey *key)
{
    return key->pkey;
}

EVP_PKEY_CTX *
meishi_key_take_signer(MeishiKey *key)
{
    g_autoptr(EVP_PKEY_CTX) signer = NULL;

    for (gsize i = 0; i < N_SIGNERS && !signer; i++)
        signer = __atomic_exchange_n(&key->signers[i], NULL, __ATOMIC_ACQ_REL);
    if (signer)
        return g_steal_pointer(&signer);
    signer = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
    if (!signer || EVP_PKEY_sign_init(signer) != 1)
        return NULL;
    return g_steal_pointer(&signer);
}

void
meishi_key_give_signer(MeishiKey *key, EVP_PKEY_CTX *signer)
{
    for (gsize i = 0; i < N_SIGNERS && signer; i++) {
        EVP_PKEY_CTX *expected = NULL;

        if (__atomic_compare_exchange_n(&key->signers[i], &expected, signer, FALSE,
                                        __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
            signer = NULL;
    }
    EVP_PKEY_CTX_free(signer);
}
