/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Verification, for the clients that ask a token to check what it signed.
 */
#include "daemon/crypto/operate.h"

#include "daemon/crypto/spki-cache.h"

#include <string.h>

typedef struct {
    const guint8 *data;
    gsize len;
} Signature;

static gboolean
fail(GError **error, MeishiErrorCode code, const char *what)
{
    g_set_error_literal(error, MEISHI_ERROR, code, what);
    ERR_clear_error();
    return FALSE;
}

static gboolean
bad_signature(GError **error)
{
    return fail(error, MEISHI_ERROR_BAD_SIGNATURE, "The signature does not verify");
}

/* Without padding there is nothing to verify but that the number comes back. */
static gboolean
verify_raw(EVP_PKEY *pkey, MeishiJob *job, const Signature *signature, GError **error)
{
    g_autoptr(EVP_PKEY_CTX) ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    guint8 expected[MEISHI_RSA_MAX_LEN], recovered[MEISHI_RSA_MAX_LEN];
    gsize len = sizeof recovered;

    if (!meishi_operate_rsa_pad(pkey, job, expected, error))
        return FALSE;
    if (!ctx || EVP_PKEY_verify_recover_init(ctx) != 1 ||
        !meishi_operate_rsa_set_up(ctx, pkey, job, error))
        return FALSE;
    if (EVP_PKEY_verify_recover(ctx, recovered, &len, signature->data, signature->len) != 1)
        return bad_signature(error);
    if (len != job->len || memcmp(recovered, job->data, len) != 0)
        return bad_signature(error);
    return TRUE;
}

static gboolean
verify_rsa(EVP_PKEY *pkey, MeishiJob *job, const Signature *signature, GError **error)
{
    g_autoptr(EVP_PKEY_CTX) ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);

    if (signature->len != (gsize)EVP_PKEY_get_size(pkey))
        return fail(error, MEISHI_ERROR_SIGNATURE_LENGTH, "The signature has a wrong length");
    if (job->info->scheme == MEISHI_SCHEME_RSA_RAW)
        return verify_raw(pkey, job, signature, error);
    if (!ctx || EVP_PKEY_verify_init(ctx) != 1)
        return fail(error, MEISHI_ERROR_FAILED, "The verification cannot begin");
    if (!meishi_operate_rsa_set_up(ctx, pkey, job, error))
        return FALSE;
    if (EVP_PKEY_verify(ctx, signature->data, signature->len, job->data, job->len) != 1)
        return bad_signature(error);
    return TRUE;
}

/* r and s in halves; PKCS#11 3.0 2.3.1 lets both be shorter than the order. */
static unsigned char *
join_signature(const Signature *signature, int *ret_len)
{
    g_autoptr(ECDSA_SIG) pair = ECDSA_SIG_new();
    int half = (int)(signature->len / 2);
    g_autoptr(BIGNUM) r = BN_bin2bn(signature->data, half, NULL);
    g_autoptr(BIGNUM) s = BN_bin2bn(signature->data + half, half, NULL);
    unsigned char *der = NULL;

    if (!pair || !r || !s || !ECDSA_SIG_set0(pair, r, s))
        return NULL;
    r = s = NULL;
    *ret_len = i2d_ECDSA_SIG(pair, &der);
    return *ret_len > 0 ? der : NULL;
}

static gboolean
verify_ecdsa(EVP_PKEY *pkey, const MeishiJob *job, const Signature *signature, GError **error)
{
    g_autoptr(EVP_PKEY_CTX) ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    unsigned char *der;
    int len = 0;
    gboolean ok;

    if (!signature->len || signature->len % 2 ||
        signature->len > 2 * meishi_operate_ecdsa_width(pkey))
        return fail(error, MEISHI_ERROR_SIGNATURE_LENGTH, "The signature has a wrong length");
    der = join_signature(signature, &len);
    ok = der && ctx && EVP_PKEY_verify_init(ctx) == 1 &&
         EVP_PKEY_verify(ctx, der, (gsize)len, job->data, job->len) == 1;
    OPENSSL_free(der);
    return ok ? TRUE : bad_signature(error);
}

static gboolean
verify_eddsa(EVP_PKEY *pkey, const MeishiJob *job, const Signature *signature, GError **error)
{
    g_autoptr(EVP_MD_CTX) ctx = EVP_MD_CTX_new();

    if (!meishi_operate_eddsa_check(job->mechanism, error))
        return FALSE;
    if (signature->len != (gsize)EVP_PKEY_get_size(pkey))
        return fail(error, MEISHI_ERROR_SIGNATURE_LENGTH, "The signature has a wrong length");
    if (!ctx || EVP_DigestVerifyInit_ex(ctx, NULL, NULL, NULL, NULL, pkey, NULL) != 1 ||
        EVP_DigestVerify(ctx, signature->data, signature->len, job->data, job->len) != 1)
        return bad_signature(error);
    return TRUE;
}

gboolean
meishi_public_verify(GBytes *spki, const MeishiMechanism *mechanism, const guint8 *data, gsize len,
                     const guint8 *signature, gsize signature_len, GError **error)
{
    const MeishiMechanismInfo *info = meishi_operate_find(mechanism, MEISHI_OP_VERIFY, error);
    MeishiJob job = {MEISHI_OP_VERIFY, info, mechanism, data, len, NULL, NULL};
    const Signature given = {signature, signature_len};
    g_autoptr(EVP_PKEY) pkey = info ? meishi_spki_cache_decode(spki, error) : NULL;
    guint8 hash[EVP_MAX_MD_SIZE];

    if (!pkey || !meishi_operate_check_key(info, pkey, error) ||
        !meishi_operate_hash(&job, hash, error))
        return FALSE;
    switch (info->scheme) {
    case MEISHI_SCHEME_ECDSA:
        return verify_ecdsa(pkey, &job, &given, error);
    case MEISHI_SCHEME_EDDSA:
        return verify_eddsa(pkey, &job, &given, error);
    default:
        return verify_rsa(pkey, &job, &given, error);
    }
}
