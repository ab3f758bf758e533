/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The four key derivations of password-protected files.  Counts have been bounded by
 * bundle-limits.c before any of these runs.
 */
#include "daemon/crypto/bundle-kdf.h"

#include <openssl/objects.h>
#include <string.h>

#define SCRYPT_SLACK (16ull << 20) /* OpenSSL counts its working blocks as well */

static gboolean
fail(GError **error, MeishiErrorCode code, const char *what)
{
    meishi_ossl_set_error(error, code, what);
    return FALSE;
}

static int
salt_len(const ASN1_OCTET_STRING *salt)
{
    return ASN1_STRING_length(salt);
}

/* OpenSSL wants the salt through a pointer to non-const. */
static unsigned char *
salt_data(const ASN1_OCTET_STRING *salt)
{
    return (unsigned char *)ASN1_STRING_get0_data(salt);
}

gboolean
meishi_bundle_kdf_pkcs12(const MeishiPassword *password, const ASN1_OCTET_STRING *salt, int id,
                         guint iterations, const EVP_MD *md, guint8 *out, gsize len)
{
    const char *text = password->text ? (const char *)meishi_secret_data(password->text) : NULL;
    int text_len = password->text ? (int)meishi_secret_len(password->text) : 0;

    return PKCS12_key_gen_utf8_ex(text, text_len, salt_data(salt), salt_len(salt), id,
                                  (int)iterations, (int)len, out, md, NULL, NULL) == 1;
}

gboolean
meishi_bundle_kdf_pbkdf1(const MeishiPassword *password, const ASN1_OCTET_STRING *salt,
                         guint iterations, const EVP_MD *md, guint8 *out, gsize len)
{
    g_autoptr(EVP_MD_CTX) ctx = EVP_MD_CTX_new();
    guint8 block[EVP_MAX_MD_SIZE];
    guint block_len = 0;
    gboolean ok = ctx && EVP_DigestInit_ex(ctx, md, NULL) == 1 &&
                  EVP_DigestUpdate(ctx, meishi_secret_data(password->bytes),
                                   meishi_secret_len(password->bytes)) == 1 &&
                  EVP_DigestUpdate(ctx, salt_data(salt), (gsize)salt_len(salt)) == 1 &&
                  EVP_DigestFinal_ex(ctx, block, &block_len) == 1;

    for (guint i = 1; i < iterations && ok; i++)
        ok = EVP_Digest(block, block_len, block, NULL, md, NULL) == 1;
    ok = ok && len <= block_len;
    if (ok)
        memcpy(out, block, len);
    OPENSSL_cleanse(block, sizeof block);
    return ok;
}

/* RFC 8018 A.2: HMAC-SHA-1 where the file names none. */
static const EVP_MD *
find_prf(const X509_ALGOR *prf)
{
    int nid = prf ? OBJ_obj2nid(prf->algorithm) : NID_hmacWithSHA1, md = NID_undef;

    if (!EVP_PBE_find(EVP_PBE_TYPE_PRF, nid, NULL, &md, NULL))
        return NULL;
    return EVP_get_digestbynid(md);
}

static gboolean
pbkdf2(const ASN1_TYPE *parameter, const MeishiPassword *password, guint8 *out, gsize len,
       GError **error)
{
    g_autoptr(PBKDF2PARAM) kdf = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBKDF2PARAM), parameter);
    const EVP_MD *md = kdf ? find_prf(kdf->prf) : NULL;
    const ASN1_OCTET_STRING *salt;

    if (!kdf || kdf->salt->type != V_ASN1_OCTET_STRING)
        return fail(error, MEISHI_ERROR_BAD_FILE, "The parameters of PBKDF2 are malformed");
    if (!md)
        return fail(error, MEISHI_ERROR_UNSUPPORTED, "The file uses PBKDF2 with an unknown hash");
    if (kdf->keylength && ASN1_INTEGER_get(kdf->keylength) != (long)len)
        return fail(error, MEISHI_ERROR_BAD_FILE, "PBKDF2's key length does not fit the cipher");
    salt = kdf->salt->value.octet_string;
    if (PKCS5_PBKDF2_HMAC((const char *)meishi_secret_data(password->bytes),
                          (int)meishi_secret_len(password->bytes), salt_data(salt), salt_len(salt),
                          (int)ASN1_INTEGER_get(kdf->iter), md, (int)len, out) != 1)
        return fail(error, MEISHI_ERROR_UNSUPPORTED, "OpenSSL refuses these PBKDF2 parameters");
    return TRUE;
}

static gboolean
scrypt(const MeishiLimits *limits, const ASN1_TYPE *parameter, const MeishiPassword *password,
       guint8 *out, gsize len, GError **error)
{
    g_autoptr(SCRYPT_PARAMS) kdf =
        ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(SCRYPT_PARAMS), parameter);
    uint64_t n, r, p;

    if (!kdf || !ASN1_INTEGER_get_uint64(&n, kdf->costParameter) ||
        !ASN1_INTEGER_get_uint64(&r, kdf->blockSize) ||
        !ASN1_INTEGER_get_uint64(&p, kdf->parallelizationParameter))
        return fail(error, MEISHI_ERROR_BAD_FILE, "The parameters of scrypt are malformed");
    if (kdf->keyLength && ASN1_INTEGER_get(kdf->keyLength) != (long)len)
        return fail(error, MEISHI_ERROR_BAD_FILE, "scrypt's key length does not fit the cipher");
    if (EVP_PBE_scrypt((const char *)meishi_secret_data(password->bytes),
                       meishi_secret_len(password->bytes), salt_data(kdf->salt),
                       (gsize)salt_len(kdf->salt), n, r, p, limits->scrypt_memory + SCRYPT_SLACK,
                       out, len) != 1)
        return fail(error, MEISHI_ERROR_BAD_FILE, "OpenSSL refuses these scrypt parameters");
    return TRUE;
}

gboolean
meishi_bundle_kdf_derive(const MeishiLimits *limits, const X509_ALGOR *algorithm,
                         const MeishiPassword *password, guint8 *out, gsize len, GError **error)
{
    switch (OBJ_obj2nid(algorithm->algorithm)) {
    case NID_id_pbkdf2:
        return pbkdf2(algorithm->parameter, password, out, len, error);
    case NID_id_scrypt:
        return scrypt(limits, algorithm->parameter, password, out, len, error);
    default:
        return fail(error, MEISHI_ERROR_UNSUPPORTED, "The key derivation is unknown");
    }
}
