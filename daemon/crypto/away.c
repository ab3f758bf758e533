/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Operations by a private key that lies on a token, taken apart: what anybody can do is done here,
 * hashing and padding, and what remains takes the simplest mechanism that a token may have.
 *
 * The paddings are RFC 8017's EMSA-PKCS1-v1_5 (9.2) and EMSA-PSS (9.1.1).  A result is to be
 * checked with the public key whatever way it came.
 */
#include "daemon/crypto/operate.h"
#include "daemon/crypto/spki-cache.h"
#include "module/wire/cryptoki.h"

#include <openssl/rsa.h>
#include <string.h>

#define PKCS1_OVERHEAD 11
#define PSS_TRAILER    0xbc

void
meishi_away_clear(MeishiAway *away)
{
    for (guint i = 0; i < away->n; i++) {
        g_clear_pointer(&away->ways[i].data, g_bytes_unref);
        g_clear_pointer(&away->ways[i].strings[0], g_bytes_unref);
        g_clear_pointer(&away->ways[i].strings[1], g_bytes_unref);
    }
    away->n = 0;
}

static gboolean
fail(GError **error, MeishiErrorCode code, const char *what)
{
    g_set_error_literal(error, MEISHI_ERROR, code, what);
    ERR_clear_error();
    return FALSE;
}

static void
add_way(MeishiAway *away, guint64 type, const guint8 *data, gsize len)
{
    MeishiAwayWay *way = &away->ways[away->n++];

    way->mechanism = (MeishiMechanism){.type = type};
    way->data = g_bytes_new(data, len);
}

/* The mechanism as it was asked for, with its parameters. */
static void
add_same_way(MeishiAway *away, const MeishiMechanism *mechanism, const guint8 *data, gsize len)
{
    MeishiAwayWay *way = &away->ways[away->n];

    add_way(away, mechanism->type, data, len);
    way->mechanism = *mechanism;
    for (guint i = 0; i < mechanism->n_strings; i++) {
        way->strings[i] = g_bytes_new(mechanism->strings[i].data, mechanism->strings[i].len);
        way->mechanism.strings[i].data = g_bytes_get_data(way->strings[i], NULL);
    }
}

/* The mechanism that hashes, for a token that has no other; it takes the whole input. */
static void
add_hashing_way(MeishiAway *away, const MeishiJob *job)
{
    if (job->info->hash != 0 && job->len <= MEISHI_AWAY_MAX_DATA)
        add_same_way(away, job->mechanism, job->data, job->len);
}

static gsize
modulus_len(EVP_PKEY *pkey)
{
    return (gsize)EVP_PKEY_get_size(pkey);
}

/* ---- PKCS #1 v1.5 --------------------------------------------------------------------------- */

/* RFC 8017, 9.2, note 1: everything of a DigestInfo before the hash. */
static const struct {
    guint64 hash;
    guint8 len;
    guint8 bytes[19];
} prefixes[] = {
    {CKM_SHA_1,
     15,
     {0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14}},
    {CKM_SHA224,
     19,
     {0x30, 0x2d, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x04,
      0x05, 0x00, 0x04, 0x1c}},
    {CKM_SHA256,
     19,
     {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01,
      0x05, 0x00, 0x04, 0x20}},
    {CKM_SHA384,
     19,
     {0x30, 0x41, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02,
      0x05, 0x00, 0x04, 0x30}},
    {CKM_SHA512,
     19,
     {0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03,
      0x05, 0x00, 0x04, 0x40}},
};

static GByteArray *
new_digest_info(const MeishiJob *hashed)
{
    GByteArray *info = g_byte_array_new();

    for (gsize i = 0; i < G_N_ELEMENTS(prefixes); i++) {
        if (prefixes[i].hash == hashed->info->hash)
            g_byte_array_append(info, prefixes[i].bytes, prefixes[i].len);
    }
    return g_byte_array_append(info, hashed->data, (guint)hashed->len);
}

/* 00 01 ff .. ff 00 @data */
static void
pad_pkcs1(guint8 *block, gsize k, const guint8 *data, gsize len)
{
    memset(block, 0xff, k);
    block[0] = 0x00;
    block[1] = 0x01;
    block[k - len - 1] = 0x00;
    if (len > 0)
        memcpy(block + k - len, data, len);
}

static gboolean
plan_pkcs1_signature(EVP_PKEY *pkey, MeishiJob *job, MeishiAway *ret, GError **error)
{
    guint8 hash[EVP_MAX_MD_SIZE], block[MEISHI_RSA_MAX_LEN];
    MeishiJob hashed = *job;
    gsize k = modulus_len(pkey);
    g_autoptr(GByteArray) input = NULL;

    if (!meishi_operate_hash(&hashed, hash, error))
        return FALSE;
    input = new_digest_info(&hashed);
    if (input->len + PKCS1_OVERHEAD > k || k > sizeof block)
        return fail(error, MEISHI_ERROR_DATA_LENGTH, "The data are too long for the key");
    add_way(ret, CKM_RSA_PKCS, input->data, input->len);
    if (job->operation != MEISHI_OP_SIGN)
        return TRUE;
    pad_pkcs1(block, k, input->data, input->len);
    add_way(ret, CKM_RSA_X_509, block, k);
    add_hashing_way(ret, job);
    return TRUE;
}

/* ---- PSS ------------------------------------------------------------------------------------ */

typedef struct {
    const MeishiDigest *hash, *mgf;
    gsize salt_len;
} Pss;

static gboolean
read_pss(EVP_PKEY *pkey, const MeishiJob *job, Pss *ret, GError **error)
{
    const MeishiMechanism *mechanism = job->mechanism;

    if (mechanism->n_numbers != 3)
        return fail(error, MEISHI_ERROR_PARAM, "The mechanism's parameters are missing");
    ret->hash = meishi_digest_find(mechanism->numbers[0]);
    ret->mgf = meishi_digest_find_mgf(mechanism->numbers[1]);
    ret->salt_len = (gsize)mechanism->numbers[2];
    if (ret->hash == NULL || ret->mgf == NULL ||
        (job->info->hash != 0 && job->info->hash != ret->hash->mechanism))
        return fail(error, MEISHI_ERROR_PARAM, "The mechanism's parameters name another hash");
    if (mechanism->numbers[2] > MEISHI_RSA_MAX_LEN ||
        ret->salt_len + ret->hash->len + 2 > (gsize)(EVP_PKEY_get_bits(pkey) + 6) / 8)
        return fail(error, MEISHI_ERROR_PARAM, "The salt is too long for the key");
    return TRUE;
}

/* Combines MGF1(@seed) with @out by exclusive or.  RFC 8017, B.2.1. */
static gboolean
mask(guint8 *out, gsize len, const guint8 *seed, gsize seed_len, const MeishiDigest *mgf)
{
    guint8 input[EVP_MAX_MD_SIZE + 4], block[EVP_MAX_MD_SIZE];

    memcpy(input, seed, seed_len);
    for (gsize done = 0, counter = 0; done < len; counter++) {
        guint32 big_endian = GUINT32_TO_BE((guint32)counter);

        memcpy(input + seed_len, &big_endian, sizeof big_endian);
        if (!EVP_Digest(input, seed_len + sizeof big_endian, block, NULL, mgf->md, NULL))
            return FALSE;
        for (gsize i = 0; i < mgf->len && done < len; i++)
            out[done++] ^= block[i];
    }
    return TRUE;
}

/* H = Hash(00 x 8 | @digest | @salt) */
static gboolean
hash_with_salt(const Pss *pss, const guint8 *digest, const guint8 *salt, guint8 *out)
{
    static const guint8 zeros[8];
    g_autoptr(EVP_MD_CTX) ctx = EVP_MD_CTX_new();

    return ctx != NULL && EVP_DigestInit_ex(ctx, pss->hash->md, NULL) &&
           EVP_DigestUpdate(ctx, zeros, sizeof zeros) &&
           EVP_DigestUpdate(ctx, digest, pss->hash->len) &&
           EVP_DigestUpdate(ctx, salt, pss->salt_len) && EVP_DigestFinal_ex(ctx, out, NULL);
}

/* maskedDB | H | bc, in the last bytes of a block as long as the modulus. */
static gboolean
pad_pss(EVP_PKEY *pkey, const Pss *pss, const guint8 *digest, guint8 *block)
{
    gsize k = modulus_len(pkey), bits = (gsize)EVP_PKEY_get_bits(pkey) - 1;
    gsize len = (bits + 7) / 8, db_len = len - pss->hash->len - 1;
    guint8 *message = block + k - len, *h = message + db_len;
    guint8 *salt = h - pss->salt_len;

    memset(block, 0, k);
    meishi_crypto_random(salt, pss->salt_len);
    salt[-1] = 0x01;
    if (!hash_with_salt(pss, digest, salt, h) ||
        !mask(message, db_len, h, pss->hash->len, pss->mgf))
        return FALSE;
    message[0] &= (guint8)(0xff >> (8 * len - bits));
    message[len - 1] = PSS_TRAILER;
    return TRUE;
}

static gboolean
plan_pss(EVP_PKEY *pkey, MeishiJob *job, MeishiAway *ret, GError **error)
{
    guint8 hash[EVP_MAX_MD_SIZE], block[MEISHI_RSA_MAX_LEN];
    MeishiJob hashed = *job;
    MeishiMechanism plain = *job->mechanism;
    Pss pss;

    if (!read_pss(pkey, job, &pss, error) || !meishi_operate_hash(&hashed, hash, error))
        return FALSE;
    if (hashed.len != pss.hash->len)
        return fail(error, MEISHI_ERROR_DATA_LENGTH, "The data are not as long as the hash");
    plain.type = CKM_RSA_PKCS_PSS;
    add_same_way(ret, &plain, hashed.data, hashed.len);
    if (modulus_len(pkey) > sizeof block || !pad_pss(pkey, &pss, hashed.data, block)) {
        meishi_ossl_set_error(error, MEISHI_ERROR_FAILED, "The data cannot be padded");
        return FALSE;
    }
    add_way(ret, CKM_RSA_X_509, block, modulus_len(pkey));
    add_hashing_way(ret, job);
    return TRUE;
}

/* ---- the rest ------------------------------------------------------------------------------- */

/* FIPS 186-4, 6.4: of a longer hash the leftmost bits count, and some tokens want no others. */
static gboolean
plan_ecdsa(EVP_PKEY *pkey, MeishiJob *job, MeishiAway *ret, GError **error)
{
    guint8 hash[EVP_MAX_MD_SIZE];
    MeishiJob hashed = *job;

    if (!meishi_operate_hash(&hashed, hash, error))
        return FALSE;
    add_way(ret, CKM_ECDSA, hashed.data, MIN(hashed.len, meishi_operate_ecdsa_width(pkey)));
    add_hashing_way(ret, job);
    return TRUE;
}

static gboolean
plan_raw(EVP_PKEY *pkey, MeishiJob *job, MeishiAway *ret, GError **error)
{
    guint8 block[MEISHI_RSA_MAX_LEN];

    if (!meishi_operate_rsa_pad(pkey, job, block, error))
        return FALSE;
    add_same_way(ret, job->mechanism, job->data, job->len);
    return TRUE;
}

static gboolean
plan(EVP_PKEY *pkey, MeishiJob *job, MeishiAway *ret, GError **error)
{
    gboolean signs = job->operation == MEISHI_OP_SIGN || job->operation == MEISHI_OP_SIGN_RECOVER;

    if (job->info->scheme == MEISHI_SCHEME_EDDSA &&
        !meishi_operate_eddsa_check(job->mechanism, error))
        return FALSE;
    if (signs && job->info->scheme == MEISHI_SCHEME_RSA_PKCS1)
        return plan_pkcs1_signature(pkey, job, ret, error);
    if (job->info->scheme == MEISHI_SCHEME_RSA_PSS)
        return plan_pss(pkey, job, ret, error);
    if (job->info->scheme == MEISHI_SCHEME_ECDSA)
        return plan_ecdsa(pkey, job, ret, error);
    if (signs && job->info->scheme == MEISHI_SCHEME_RSA_RAW)
        return plan_raw(pkey, job, ret, error);
    if (job->len > MEISHI_AWAY_MAX_DATA)
        return fail(error, MEISHI_ERROR_DATA_LENGTH, "This is too long for a key on a token");
    add_same_way(ret, job->mechanism, job->data, job->len);
    return TRUE;
}

gboolean
meishi_away_plan(GBytes *spki, MeishiOperation op, const MeishiMechanism *mechanism,
                 const guint8 *data, gsize len, MeishiAway *ret, GError **error)
{
    g_autoptr(EVP_PKEY) pkey = NULL;
    g_auto(MeishiAway) away = {0};
    MeishiJob job = {
        .operation = op,
        .info = meishi_operate_find(mechanism, op, error),
        .mechanism = mechanism,
        .data = data,
        .len = len,
    };

    if (job.info == NULL)
        return FALSE;
    pkey = meishi_spki_cache_decode(spki, error);
    if (pkey == NULL || !meishi_operate_check_key(job.info, pkey, error) ||
        !plan(pkey, &job, &away, error))
        return FALSE;
    *ret = away;
    away.n = 0;
    return TRUE;
}
