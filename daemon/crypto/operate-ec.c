/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Elliptic curves: ECDSA, ECDH and EdDSA (PKCS#11 3.0, 2.3).
 *
 * ECDSA goes to and fro between PKCS#11's form (r and s, each as long as the order) and the DER
 * that OpenSSL speaks.  It takes input of any length: the leftmost bits count, as FIPS 186-4 6.4
 * says.
 */
#include "daemon/crypto/operate.h"

#include "daemon/crypto/key.h"
#include "module/wire/cryptoki.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

/* A DER signature on the largest curve, P-521, has 139 bytes. */
#define SIGNATURE_MAX 160

static gboolean
fail(GError **error, MeishiErrorCode code, const char *what)
{
    g_set_error_literal(error, MEISHI_ERROR, code, what);
    ERR_clear_error();
    return FALSE;
}

/* ---- ECDSA ---- */

/* On every curve that we take, order and field have equal length. */
gsize
meishi_operate_ecdsa_width(EVP_PKEY *pkey)
{
    return (gsize)(EVP_PKEY_get_bits(pkey) + 7) / 8;
}

static gboolean
split_signature(const guint8 *der, gsize len, gsize width, guint8 *out)
{
    g_autoptr(ECDSA_SIG) pair = d2i_ECDSA_SIG(NULL, &der, (long)len);

    return pair && BN_bn2binpad(ECDSA_SIG_get0_r(pair), out, (int)width) >= 0 &&
           BN_bn2binpad(ECDSA_SIG_get0_s(pair), out + width, (int)width) >= 0;
}

gboolean
meishi_operate_ecdsa(MeishiKey *key, MeishiJob *job, GError **error)
{
    guint8 hash[EVP_MAX_MD_SIZE], der[SIGNATURE_MAX];
    gsize len = sizeof der, width = meishi_operate_ecdsa_width(meishi_key_pkey(key));
    EVP_PKEY_CTX *signer;
    gboolean ok;

    if (!meishi_operate_check_room(job, 2 * width, error) || !meishi_operate_hash(job, hash, error))
        return FALSE;
    signer = meishi_key_take_signer(key);
    ok = signer && EVP_PKEY_sign(signer, der, &len, job->data, job->len) == 1;
    if (ok)
        meishi_key_give_signer(key, signer);
    else
        EVP_PKEY_CTX_free(signer);
    if (!ok || !split_signature(der, len, width, job->out))
        return fail(error, MEISHI_ERROR_FAILED, "The signature cannot be made");
    *job->inout_len = 2 * width;
    return TRUE;
}

/* ---- ECDH ---- */

static EVP_PKEY *
build_peer(EVP_PKEY *own, const guint8 *point, gsize len)
{
    g_autoptr(EVP_PKEY_CTX) ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    char group[80];
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, (void *)point, len),
        OSSL_PARAM_construct_end(),
    };
    EVP_PKEY *peer = NULL;

    if (!EVP_PKEY_get_group_name(own, group, sizeof group, &params[0].data_size))
        return NULL;
    if (!ctx || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &peer, EVP_PKEY_PUBLIC_KEY, params) != 1)
        return NULL;
    return peer;
}

/* PKCS#11 2.40, 2.3.9: the raw point, or (as older text and tokens have it) a DER OCTET STRING. */
static EVP_PKEY *
read_peer(EVP_PKEY *own, const guint8 *data, gsize len)
{
    EVP_PKEY *peer = len ? build_peer(own, data, len) : NULL;
    const unsigned char *p = data, *end = data + len;
    long inner;
    int tag, class;

    if (peer || !len || data[0] != V_ASN1_OCTET_STRING)
        return peer;
    if ((ASN1_get_object(&p, &inner, &tag, &class, (long)len) & 0x80) || p + inner != end || !inner)
        return NULL;
    return build_peer(own, p, (gsize)inner);
}

static gboolean
check_derive(const MeishiMechanism *mechanism, GError **error)
{
    if (mechanism->n_numbers != 1 || mechanism->numbers[0] != CKD_NULL)
        return fail(error, MEISHI_ERROR_PARAM, "Only the key derivation CKD_NULL is available");
    if (mechanism->n_strings > 1 && mechanism->strings[1].len)
        return fail(error, MEISHI_ERROR_PARAM, "CKD_NULL takes no shared data");
    return TRUE;
}

gboolean
meishi_operate_ecdh(EVP_PKEY *pkey, MeishiJob *job, GError **error)
{
    const MeishiMechanism *mechanism = job->mechanism;
    g_autoptr(EVP_PKEY_CTX) ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    g_autoptr(EVP_PKEY) peer = NULL;

    if (!check_derive(mechanism, error) ||
        !meishi_operate_check_room(job, meishi_operate_ecdsa_width(pkey), error))
        return FALSE;
    if (mechanism->n_strings)
        peer = read_peer(pkey, mechanism->strings[0].data, mechanism->strings[0].len);
    if (!peer)
        return fail(error, MEISHI_ERROR_PARAM, "The public data are no point on the key's curve");
    if (!ctx || EVP_PKEY_derive_init(ctx) != 1 || EVP_PKEY_derive_set_peer(ctx, peer) != 1 ||
        EVP_PKEY_derive(ctx, job->out, job->inout_len) != 1)
        return fail(error, MEISHI_ERROR_PARAM, "No secret can be agreed with these public data");
    return TRUE;
}

/* ---- EdDSA ---- */

gboolean
meishi_operate_eddsa_check(const MeishiMechanism *mechanism, GError **error)
{
    if ((mechanism->n_numbers && mechanism->numbers[0]) ||
        (mechanism->n_strings && mechanism->strings[0].len))
        return fail(error, MEISHI_ERROR_PARAM,
                    "EdDSA with a context or with a hash before it is not available");
    return TRUE;
}

gboolean
meishi_operate_eddsa(EVP_PKEY *pkey, MeishiJob *job, GError **error)
{
    g_autoptr(EVP_MD_CTX) ctx = EVP_MD_CTX_new();

    if (!meishi_operate_eddsa_check(job->mechanism, error) ||
        !meishi_operate_check_room(job, (gsize)EVP_PKEY_get_size(pkey), error))
        return FALSE;
    if (!ctx || EVP_DigestSignInit_ex(ctx, NULL, NULL, NULL, NULL, pkey, NULL) != 1 ||
        EVP_DigestSign(ctx, job->out, job->inout_len, job->data, job->len) != 1)
        return fail(error, MEISHI_ERROR_FAILED, "The signature cannot be made");
    return TRUE;
}
