/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * RSA: signing, verifying with recovery, encryption and decryption (PKCS#11 2.40 mechanisms 2.1,
 * RFC 8017).
 *
 * Decryption answers every malformed ciphertext of the right length with one error and one message;
 * that OpenSSL 3.0 tells good padding from bad at all makes CKM_RSA_PKCS decryption an oracle for
 * whoever may call it (Bleichenbacher), which doc/threat-model.md says.
 */
#include "daemon/crypto/operate.h"

#include "module/wire/cryptoki.h"

#include <openssl/rsa.h>
#include <string.h>

#ifndef CKZ_DATA_SPECIFIED
#define CKZ_DATA_SPECIFIED 1UL
#endif

#define PKCS1_OVERHEAD 11

static gboolean
fail(GError **error, MeishiErrorCode code, const char *what)
{
    g_set_error_literal(error, MEISHI_ERROR, code, what);
    ERR_clear_error();
    return FALSE;
}

static gsize
modulus_len(EVP_PKEY *pkey)
{
    return (gsize)EVP_PKEY_get_size(pkey);
}

/* ---- parameters ---- */

typedef struct {
    const MeishiDigest *hash;
    const MeishiDigest *mgf;
} Hashes;

static gboolean
read_hashes(const MeishiMechanism *mechanism, guint n_numbers, Hashes *ret, GError **error)
{
    if (mechanism->n_numbers != n_numbers)
        return fail(error, MEISHI_ERROR_PARAM, "The mechanism's parameters are missing");
    ret->hash = meishi_digest_find(mechanism->numbers[0]);
    ret->mgf = meishi_digest_find_mgf(mechanism->numbers[1]);
    if (!ret->hash || !ret->mgf)
        return fail(error, MEISHI_ERROR_PARAM, "The mechanism's parameters name an unknown hash");
    return TRUE;
}

/* PKCS#11 2.40, 2.1.10: the hash of the parameters is the hash of the mechanism. */
static gboolean
set_up_pss(EVP_PKEY_CTX *ctx, EVP_PKEY *pkey, const MeishiJob *job, GError **error)
{
    guint64 salt_len;
    Hashes hashes;

    if (!read_hashes(job->mechanism, 3, &hashes, error))
        return FALSE;
    if (job->info->hash && job->info->hash != hashes.hash->mechanism)
        return fail(error, MEISHI_ERROR_PARAM,
                    "The parameters name another hash than the mechanism");
    salt_len = job->mechanism->numbers[2];
    if (salt_len > MEISHI_RSA_MAX_LEN ||
        salt_len + hashes.hash->len + 2 > (guint64)(EVP_PKEY_get_bits(pkey) + 6) / 8)
        return fail(error, MEISHI_ERROR_PARAM, "The salt is too long for the key");
    if (job->len != hashes.hash->len)
        return fail(error, MEISHI_ERROR_DATA_LENGTH, "The data are not as long as the hash");
    if (EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) != 1 ||
        EVP_PKEY_CTX_set_signature_md(ctx, hashes.hash->md) != 1 ||
        EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, hashes.mgf->md) != 1 ||
        EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, (int)salt_len) != 1)
        return fail(error, MEISHI_ERROR_PARAM, "The key does not allow these PSS parameters");
    return TRUE;
}

static gboolean
set_label(EVP_PKEY_CTX *ctx, const MeishiMechanism *mechanism, GError **error)
{
    void *label;
    gsize len = mechanism->n_strings ? mechanism->strings[0].len : 0;

    if (!len)
        return TRUE;
    if (mechanism->numbers[2] != CKZ_DATA_SPECIFIED)
        return fail(error, MEISHI_ERROR_PARAM, "The source of the OAEP label is unknown");
    label = OPENSSL_memdup(mechanism->strings[0].data, len);
    if (!label || EVP_PKEY_CTX_set0_rsa_oaep_label(ctx, label, (int)len) != 1) {
        OPENSSL_free(label);
        return fail(error, MEISHI_ERROR_PARAM, "The OAEP label is not accepted");
    }
    return TRUE;
}

static gboolean
set_up_oaep(EVP_PKEY_CTX *ctx, EVP_PKEY *pkey, const MeishiJob *job, GError **error)
{
    Hashes hashes;

    if (!read_hashes(job->mechanism, 3, &hashes, error))
        return FALSE;
    if (job->operation == MEISHI_OP_ENCRYPT &&
        job->len + 2 * hashes.hash->len + 2 > modulus_len(pkey))
        return fail(error, MEISHI_ERROR_DATA_LENGTH, "The data are too long for the key");
    if (EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) != 1 ||
        EVP_PKEY_CTX_set_rsa_oaep_md(ctx, hashes.hash->md) != 1 ||
        EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, hashes.mgf->md) != 1)
        return fail(error, MEISHI_ERROR_PARAM, "The key does not allow these OAEP parameters");
    return set_label(ctx, job->mechanism, error);
}

/* CKM_RSA_PKCS signs what it is given, up to k - 11 bytes; the hashing forms add the DigestInfo. */
static gboolean
set_up_pkcs1(EVP_PKEY_CTX *ctx, EVP_PKEY *pkey, const MeishiJob *job, GError **error)
{
    const MeishiDigest *digest = meishi_digest_find(job->info->hash);
    gboolean pads =
        job->operation != MEISHI_OP_DECRYPT && job->operation != MEISHI_OP_VERIFY_RECOVER;

    if (pads && job->len + PKCS1_OVERHEAD > modulus_len(pkey))
        return fail(error, MEISHI_ERROR_DATA_LENGTH, "The data are too long for the key");
    if (EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) != 1 ||
        (digest && EVP_PKEY_CTX_set_signature_md(ctx, digest->md) != 1))
        return fail(error, MEISHI_ERROR_PARAM, "The key does not allow PKCS #1 v1.5 padding");
    return TRUE;
}

gboolean
meishi_operate_rsa_set_up(EVP_PKEY_CTX *ctx, EVP_PKEY *pkey, const MeishiJob *job, GError **error)
{
    switch (job->info->scheme) {
    case MEISHI_SCHEME_RSA_PSS:
        return set_up_pss(ctx, pkey, job, error);
    case MEISHI_SCHEME_RSA_OAEP:
        return set_up_oaep(ctx, pkey, job, error);
    case MEISHI_SCHEME_RSA_PKCS1:
        return set_up_pkcs1(ctx, pkey, job, error);
    default:
        return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING) == 1
                   ? TRUE
                   : fail(error, MEISHI_ERROR_FAILED, "The key does not work without padding");
    }
}

/* ---- operations ---- */

/* PKCS#11 2.40, 2.1.7: shorter input stands for a number with zeros in front. */
gboolean
meishi_operate_rsa_pad(EVP_PKEY *pkey, MeishiJob *job, guint8 buf[static MEISHI_RSA_MAX_LEN],
                       GError **error)
{
    gsize k = modulus_len(pkey);

    if (job->info->scheme != MEISHI_SCHEME_RSA_RAW)
        return TRUE;
    if (job->len > k || k > MEISHI_RSA_MAX_LEN)
        return fail(error, MEISHI_ERROR_DATA_LENGTH, "The data are longer than the modulus");
    memset(buf, 0, k - job->len);
    if (job->len)
        memcpy(buf + k - job->len, job->data, job->len);
    job->data = buf;
    job->len = k;
    return TRUE;
}

/* What takes a whole block in takes exactly one block. */
static gboolean
check_block(EVP_PKEY *pkey, const MeishiJob *job, GError **error)
{
    if (job->operation != MEISHI_OP_DECRYPT && job->operation != MEISHI_OP_VERIFY_RECOVER)
        return TRUE;
    if (job->len == modulus_len(pkey))
        return TRUE;
    return fail(error,
                job->operation == MEISHI_OP_DECRYPT ? MEISHI_ERROR_DATA_LENGTH
                                                    : MEISHI_ERROR_SIGNATURE_LENGTH,
                "The data are not as long as the modulus");
}

static int
begin(EVP_PKEY_CTX *ctx, MeishiOperation operation)
{
    switch (operation) {
    case MEISHI_OP_ENCRYPT:
        return EVP_PKEY_encrypt_init(ctx);
    case MEISHI_OP_DECRYPT:
        return EVP_PKEY_decrypt_init(ctx);
    case MEISHI_OP_VERIFY_RECOVER:
        return EVP_PKEY_verify_recover_init(ctx);
    default:
        return EVP_PKEY_sign_init(ctx);
    }
}

static int
finish(EVP_PKEY_CTX *ctx, const MeishiJob *job, guint8 *out, gsize *len)
{
    switch (job->operation) {
    case MEISHI_OP_ENCRYPT:
        return EVP_PKEY_encrypt(ctx, out, len, job->data, job->len);
    case MEISHI_OP_DECRYPT:
        return EVP_PKEY_decrypt(ctx, out, len, job->data, job->len);
    case MEISHI_OP_VERIFY_RECOVER:
        return EVP_PKEY_verify_recover(ctx, out, len, job->data, job->len);
    default:
        return EVP_PKEY_sign(ctx, out, len, job->data, job->len);
    }
}

static gboolean
explain(const MeishiJob *job, GError **error)
{
    switch (job->operation) {
    case MEISHI_OP_DECRYPT:
        return fail(error, MEISHI_ERROR_BAD_DATA, "The data do not decrypt with this key");
    case MEISHI_OP_VERIFY_RECOVER:
        return fail(error, MEISHI_ERROR_BAD_SIGNATURE, "The signature does not verify");
    default:
        return fail(error, MEISHI_ERROR_BAD_DATA, "The data do not fit the key");
    }
}

/* The plaintext may be shorter than the room that OpenSSL wants while it works. */
static gboolean
run(EVP_PKEY_CTX *ctx, EVP_PKEY *pkey, MeishiJob *job, GError **error)
{
    guint8 result[MEISHI_RSA_MAX_LEN];
    gsize len = sizeof result;
    gboolean ok = finish(ctx, job, result, &len) == 1;

    if (!ok)
        explain(job, error);
    ok = ok && meishi_operate_check_room(job, len, error);
    if (ok) {
        memcpy(job->out, result, len);
        *job->inout_len = len;
    }
    OPENSSL_cleanse(result, sizeof result);
    return ok;
}

gboolean
meishi_operate_rsa(EVP_PKEY *pkey, MeishiJob *job, GError **error)
{
    g_autoptr(EVP_PKEY_CTX) ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    guint8 hash[EVP_MAX_MD_SIZE], block[MEISHI_RSA_MAX_LEN];
    gboolean ok;

    if (!ctx || begin(ctx, job->operation) != 1)
        return fail(error, MEISHI_ERROR_FAILED, "The operation cannot begin");
    ok = meishi_operate_hash(job, hash, error) && check_block(pkey, job, error) &&
         meishi_operate_rsa_pad(pkey, job, block, error) &&
         meishi_operate_rsa_set_up(ctx, pkey, job, error) && run(ctx, pkey, job, error);
    OPENSSL_cleanse(block, sizeof block);
    return ok;
}
