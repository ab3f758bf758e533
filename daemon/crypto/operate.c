/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The front of every operation: is there such a mechanism, may it be used so, does the key fit?
 * Then to the file of the key family.  Nothing is decided here about who may use a key; that
 * happened before.
 */
#include "daemon/crypto/operate.h"

#include "daemon/crypto/key.h"
#include "daemon/crypto/spki-cache.h"
#include "daemon/crypto/spki.h"
#include "module/wire/cryptoki.h"

static guint64
flag_of(MeishiOperation operation)
{
    switch (operation) {
    case MEISHI_OP_SIGN:
        return CKF_SIGN;
    case MEISHI_OP_SIGN_RECOVER:
        return CKF_SIGN_RECOVER;
    case MEISHI_OP_VERIFY:
        return CKF_VERIFY;
    case MEISHI_OP_ENCRYPT:
        return CKF_ENCRYPT;
    case MEISHI_OP_DECRYPT:
        return CKF_DECRYPT;
    case MEISHI_OP_DERIVE:
        return CKF_DERIVE;
    case MEISHI_OP_DIGEST:
        return CKF_DIGEST;
    case MEISHI_OP_VERIFY_RECOVER:
        return CKF_VERIFY_RECOVER;
    }
    return 0;
}

const MeishiMechanismInfo *
meishi_operate_find(const MeishiMechanism *mechanism, MeishiOperation operation, GError **error)
{
    const MeishiMechanismInfo *info = meishi_mechanism_find(mechanism->type);

    if (info && (info->flags & flag_of(operation)))
        return info;
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_MECHANISM,
                "The mechanism 0x%" G_GINT64_MODIFIER "x is not available for this operation",
                mechanism->type);
    return NULL;
}

gboolean
meishi_operate_check_key(const MeishiMechanismInfo *info, EVP_PKEY *pkey, GError **error)
{
    guint bits = meishi_spki_bits(pkey);

    if ((info->key_types & 1u << meishi_spki_type(pkey)) && bits >= info->min_bits &&
        bits <= info->max_bits)
        return TRUE;
    g_set_error_literal(error, MEISHI_ERROR, MEISHI_ERROR_KEY_TYPE,
                        "The mechanism does not fit the type of the key");
    return FALSE;
}

gboolean
meishi_operate_hash(MeishiJob *job, guint8 buf[static EVP_MAX_MD_SIZE], GError **error)
{
    const MeishiDigest *digest = meishi_digest_find(job->info->hash);

    if (!job->info->hash)
        return TRUE;
    if (!digest || !EVP_Digest(job->data, job->len, buf, NULL, digest->md, NULL)) {
        meishi_ossl_set_error(error, MEISHI_ERROR_FAILED, "The data cannot be hashed");
        return FALSE;
    }
    job->data = buf;
    job->len = digest->len;
    return TRUE;
}

gboolean
meishi_operate_check_room(const MeishiJob *job, gsize need, GError **error)
{
    if (*job->inout_len >= need)
        return TRUE;
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT,
                "The result has %" G_GSIZE_FORMAT " bytes, there is room for %" G_GSIZE_FORMAT,
                need, *job->inout_len);
    return FALSE;
}

static gboolean
run_private(MeishiKey *key, MeishiJob *job, GError **error)
{
    EVP_PKEY *pkey = meishi_key_pkey(key);

    switch (job->info->scheme) {
    case MEISHI_SCHEME_ECDSA:
        return meishi_operate_ecdsa(key, job, error);
    case MEISHI_SCHEME_EDDSA:
        return meishi_operate_eddsa(pkey, job, error);
    case MEISHI_SCHEME_ECDH:
        return meishi_operate_ecdh(pkey, job, error);
    default:
        return meishi_operate_rsa(pkey, job, error);
    }
}

gboolean
meishi_key_operate(MeishiKey *key, MeishiOperation op, const MeishiMechanism *mechanism,
                   gboolean allow_raw, const guint8 *data, gsize len, guint8 *out, gsize *inout_len,
                   GError **error)
{
    const MeishiMechanismInfo *info = meishi_operate_find(mechanism, op, error);
    MeishiJob job = {op, info, mechanism, data, len, out, inout_len};

    g_return_val_if_fail(op == MEISHI_OP_SIGN || op == MEISHI_OP_SIGN_RECOVER ||
                             op == MEISHI_OP_DECRYPT || op == MEISHI_OP_DERIVE,
                         FALSE);
    if (!info || !meishi_operate_check_key(info, meishi_key_pkey(key), error))
        return FALSE;
    if (info->raw && !allow_raw) {
        g_set_error_literal(error, MEISHI_ERROR, MEISHI_ERROR_NOT_PERMITTED,
                            "This key is not marked for operations without padding "
                            "(CKM_RSA_X_509)");
        return FALSE;
    }
    return run_private(key, &job, error);
}

static gboolean
run_digest(MeishiJob *job, GError **error)
{
    const MeishiDigest *digest = meishi_digest_find(job->info->hash);

    if (!digest || !meishi_operate_check_room(job, digest->len, error))
        return FALSE;
    if (!meishi_operate_hash(job, job->out, error))
        return FALSE;
    *job->inout_len = digest->len;
    return TRUE;
}

gboolean
meishi_public_operate(GBytes *spki, MeishiOperation op, const MeishiMechanism *mechanism,
                      const guint8 *data, gsize len, guint8 *out, gsize *inout_len, GError **error)
{
    const MeishiMechanismInfo *info = meishi_operate_find(mechanism, op, error);
    MeishiJob job = {op, info, mechanism, data, len, out, inout_len};
    g_autoptr(EVP_PKEY) pkey = NULL;

    g_return_val_if_fail(op == MEISHI_OP_DIGEST ||
                             (spki && (op == MEISHI_OP_ENCRYPT || op == MEISHI_OP_VERIFY_RECOVER)),
                         FALSE);
    if (!info)
        return FALSE;
    if (op == MEISHI_OP_DIGEST)
        return run_digest(&job, error);
    pkey = meishi_spki_cache_decode(spki, error);
    return pkey && meishi_operate_check_key(info, pkey, error) &&
           meishi_operate_rsa(pkey, &job, error);
}
