/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Cost checks.  A PKCS#12 file names its own iteration counts, for the MAC even before the password
 * can be known to fit: a hostile one would hold a processor for hours or ask for a terabyte.  So
 * every count is read from the ASN.1 and weighed before anything is derived.
 */
#include "daemon/crypto/bundle-limits.h"

#include <openssl/objects.h>

#define SCRYPT_MAX_P 64

/* The largest counts in use are 600 000 (NSS) and a million (careful people). */
const MeishiLimits meishi_bundle_limits = {
    .iterations = 5 * 1000 * 1000,
    .total_iterations = 20 * 1000 * 1000,
    .scrypt_memory = 256ull << 20,
};

static gboolean
fail_malformed(GError **error)
{
    meishi_ossl_set_error(error, MEISHI_ERROR_BAD_FILE,
                          "The parameters of the encryption are malformed");
    return FALSE;
}

gboolean
meishi_bundle_limits_count(const MeishiBudget *budget, const ASN1_INTEGER *count, guint64 *ret,
                           GError **error)
{
    uint64_t value = 1;
    gboolean fits;

    if (count && (ASN1_STRING_type(count) == V_ASN1_NEG_INTEGER || !ASN1_STRING_length(count))) {
        g_set_error_literal(error, MEISHI_ERROR, MEISHI_ERROR_BAD_FILE,
                            "The file asks for a negative number of iterations");
        return FALSE;
    }
    fits = !count || ASN1_INTEGER_get_uint64(&value, count);
    ERR_clear_error();
    if (fits && value == 0) {
        g_set_error_literal(error, MEISHI_ERROR, MEISHI_ERROR_BAD_FILE,
                            "The file asks for zero iterations");
        return FALSE;
    }
    if (!fits || value > budget->limits->iterations) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_TOO_EXPENSIVE,
                    "The file asks for more than %" G_GUINT64_FORMAT
                    " iterations of its key derivation. Write it anew with fewer",
                    budget->limits->iterations);
        return FALSE;
    }
    *ret = value;
    return TRUE;
}

gboolean
meishi_bundle_limits_spend(MeishiBudget *budget, guint64 cost, GError **error)
{
    if (cost <= budget->limits->total_iterations - budget->spent) {
        budget->spent += cost;
        return TRUE;
    }
    g_set_error_literal(error, MEISHI_ERROR, MEISHI_ERROR_TOO_EXPENSIVE,
                        "The file asks for too much work in total. Write it anew with fewer "
                        "iterations, or give fewer passwords");
    return FALSE;
}

static gboolean
pbe_cost(const MeishiBudget *budget, const ASN1_TYPE *parameter, guint64 *ret, GError **error)
{
    g_autoptr(PBEPARAM) pbe = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBEPARAM), parameter);

    return pbe ? meishi_bundle_limits_count(budget, pbe->iter, ret, error) : fail_malformed(error);
}

static gboolean
pbkdf2_cost(const MeishiBudget *budget, const ASN1_TYPE *parameter, guint64 *ret, GError **error)
{
    g_autoptr(PBKDF2PARAM) kdf = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBKDF2PARAM), parameter);

    return kdf ? meishi_bundle_limits_count(budget, kdf->iter, ret, error) : fail_malformed(error);
}

/* Memory is 128 * r * N, work about r * N * p block operations. */
static gboolean
scrypt_cost(const MeishiBudget *budget, const ASN1_TYPE *parameter, guint64 *ret, GError **error)
{
    g_autoptr(SCRYPT_PARAMS) kdf =
        ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(SCRYPT_PARAMS), parameter);
    const guint64 max = budget->limits->scrypt_memory / 128;
    uint64_t n, r, p;

    if (!kdf)
        return fail_malformed(error);
    if (!ASN1_INTEGER_get_uint64(&n, kdf->costParameter) ||
        !ASN1_INTEGER_get_uint64(&r, kdf->blockSize) ||
        !ASN1_INTEGER_get_uint64(&p, kdf->parallelizationParameter) || !n || !r || !p)
        return fail_malformed(error);
    if (n > max || r > max || n > max / r || p > SCRYPT_MAX_P ||
        n * r * p > budget->limits->iterations) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_TOO_EXPENSIVE,
                    "The file asks for more memory or time than %" G_GUINT64_FORMAT
                    " MiB of scrypt. Write it anew with a lower cost",
                    budget->limits->scrypt_memory >> 20);
        return FALSE;
    }
    *ret = n * r * p;
    return TRUE;
}

static gboolean
pbes2_cost(const MeishiBudget *budget, const ASN1_TYPE *parameter, guint64 *ret, GError **error)
{
    g_autoptr(PBE2PARAM) pbes2 = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBE2PARAM), parameter);
    const ASN1_TYPE *kdf;

    if (!pbes2)
        return fail_malformed(error);
    kdf = pbes2->keyfunc->parameter;
    switch (OBJ_obj2nid(pbes2->keyfunc->algorithm)) {
    case NID_id_pbkdf2:
        return pbkdf2_cost(budget, kdf, ret, error);
    case NID_id_scrypt:
        return scrypt_cost(budget, kdf, ret, error);
    default:
        g_set_error_literal(error, MEISHI_ERROR, MEISHI_ERROR_UNSUPPORTED,
                            "The file derives its key in a way that is neither PBKDF2 nor scrypt");
        return FALSE;
    }
}

gboolean
meishi_bundle_limits_cost(const MeishiBudget *budget, const X509_ALGOR *algorithm,
                          guint64 *ret_cost, GError **error)
{
    int nid = OBJ_obj2nid(algorithm->algorithm);
    char oid[128];

    if (nid == NID_pbes2)
        return pbes2_cost(budget, algorithm->parameter, ret_cost, error);
    if (EVP_PBE_find(EVP_PBE_TYPE_OUTER, nid, NULL, NULL, NULL))
        return pbe_cost(budget, algorithm->parameter, ret_cost, error);
    OBJ_obj2txt(oid, sizeof oid, algorithm->algorithm, 0);
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_UNSUPPORTED,
                "The file is encrypted with %s, which is not an encryption under a password", oid);
    return FALSE;
}

/* Proving the primes grows with the cube of the length; 2048 bits take some 50 ms. */
guint64
meishi_bundle_limits_key_cost(gboolean is_rsa, guint bits)
{
    guint64 kilobits = MAX(bits / 1024, 1);

    return is_rsa ? MIN(12500 * kilobits * kilobits * kilobits, 3000000) : 1000;
}
