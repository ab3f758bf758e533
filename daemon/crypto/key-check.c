/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The thorough check before a key is stored.  A flipped bit in a file without integrity check
 * often still decodes; an RSA key with one wrong CRT number even gives away its factors with the
 * first signature (Boneh, DeMillo, Lipton), so nothing is taken on trust.
 *
 * OpenSSL's check proves the primes prime, which takes minutes for the largest keys; above
 * PRIME_CHECK_BITS the numbers are checked against each other and against a signature only.
 */
#include "daemon/crypto/key-check.h"

#include "daemon/crypto/crypto.h"
#include "daemon/crypto/spki.h"

#include <openssl/core_names.h>
#include <openssl/rsa.h>

#define PRIME_CHECK_BITS 4096
#define SIGNATURE_MAX    2048

typedef struct {
    BIGNUM *n, *e, *d, *p, *q, *dp, *dq, *qinv;
} RsaNumbers;

static void
clear_numbers(RsaNumbers *rsa)
{
    BIGNUM *all[] = {rsa->n, rsa->e, rsa->d, rsa->p, rsa->q, rsa->dp, rsa->dq, rsa->qinv};

    for (gsize i = 0; i < G_N_ELEMENTS(all); i++)
        BN_clear_free(all[i]);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(RsaNumbers, clear_numbers)

static gboolean
read_numbers(EVP_PKEY *pkey, RsaNumbers *rsa)
{
    return EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_N, &rsa->n) &&
           EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &rsa->e) &&
           EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_D, &rsa->d) &&
           EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_FACTOR1, &rsa->p) &&
           EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_FACTOR2, &rsa->q) &&
           EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_EXPONENT1, &rsa->dp) &&
           EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_EXPONENT2, &rsa->dq) &&
           EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_COEFFICIENT1, &rsa->qinv);
}

/* RFC 8017 3.2, for one prime: e * dp == 1 and d == dp, both modulo prime - 1. */
static gboolean
exponent_fits(const RsaNumbers *rsa, const BIGNUM *prime, const BIGNUM *crt, BN_CTX *ctx)
{
    g_autoptr(BIGNUM) less = BN_dup(prime);
    g_autoptr(BIGNUM) value = BN_new();

    if (!less || !value || !BN_sub_word(less, 1) || BN_is_zero(less) || BN_is_negative(less))
        return FALSE;
    if (!BN_mod_mul(value, rsa->e, crt, less, ctx) || !BN_is_one(value))
        return FALSE;
    return BN_mod(value, rsa->d, less, ctx) && BN_cmp(value, crt) == 0;
}

static gboolean
numbers_fit(const RsaNumbers *rsa)
{
    g_autoptr(BN_CTX) ctx = BN_CTX_secure_new();
    g_autoptr(BIGNUM) value = BN_new();

    if (!ctx || !value || BN_is_zero(rsa->p) || BN_is_zero(rsa->q))
        return FALSE;
    if (!BN_mul(value, rsa->p, rsa->q, ctx) || BN_cmp(value, rsa->n) != 0)
        return FALSE;
    if (!BN_mod_mul(value, rsa->q, rsa->qinv, rsa->p, ctx) || !BN_is_one(value))
        return FALSE;
    return exponent_fits(rsa, rsa->p, rsa->dp, ctx) && exponent_fits(rsa, rsa->q, rsa->dq, ctx);
}

static gboolean
check_large_rsa(EVP_PKEY *pkey)
{
    g_auto(RsaNumbers) rsa = {0};

    return read_numbers(pkey, &rsa) && numbers_fit(&rsa);
}

static gboolean
check_numbers(EVP_PKEY *pkey)
{
    g_autoptr(EVP_PKEY_CTX) ctx = NULL;
    MeishiKeyType type = meishi_spki_type(pkey);

    if ((type == MEISHI_KEY_RSA || type == MEISHI_KEY_RSA_PSS) &&
        meishi_spki_bits(pkey) > PRIME_CHECK_BITS)
        return check_large_rsa(pkey);
    ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    return ctx && EVP_PKEY_check(ctx) == 1;
}

/* Edwards keys and restricted RSA keys name their own digest (RFC 8032; RFC 4055 3.1). */
static const char *
trial_digest(EVP_PKEY *pkey)
{
    return meishi_spki_type(pkey) == MEISHI_KEY_RSA || meishi_spki_type(pkey) == MEISHI_KEY_EC
               ? "SHA256"
               : NULL;
}

static gboolean
check_signature(EVP_PKEY *pkey)
{
    g_autoptr(EVP_MD_CTX) signer = EVP_MD_CTX_new();
    g_autoptr(EVP_MD_CTX) verifier = EVP_MD_CTX_new();
    g_autoptr(GBytes) spki = meishi_spki_encode(pkey);
    g_autoptr(EVP_PKEY) public_key = spki ? meishi_spki_decode(spki, NULL) : NULL;
    const char *digest = trial_digest(pkey);
    guint8 message[32], signature[SIGNATURE_MAX];
    gsize len = sizeof signature;

    meishi_crypto_random(message, sizeof message);
    if (!signer || !verifier || !public_key)
        return FALSE;
    if (EVP_DigestSignInit_ex(signer, NULL, digest, NULL, NULL, pkey, NULL) != 1 ||
        EVP_DigestSign(signer, signature, &len, message, sizeof message) != 1)
        return FALSE;
    return EVP_DigestVerifyInit_ex(verifier, NULL, digest, NULL, NULL, public_key, NULL) == 1 &&
           EVP_DigestVerify(verifier, signature, len, message, sizeof message) == 1;
}

gboolean
meishi_key_check(EVP_PKEY *pkey, GError **error)
{
    if (!check_numbers(pkey)) {
        meishi_ossl_set_error(error, MEISHI_ERROR_KEY_MISMATCH,
                              "The private key contradicts itself: the file is damaged");
        return FALSE;
    }
    if (!check_signature(pkey)) {
        meishi_ossl_set_error(error, MEISHI_ERROR_KEY_MISMATCH,
                              "A trial signature with the private key does not verify: the file "
                              "is damaged");
        return FALSE;
    }
    return TRUE;
}
