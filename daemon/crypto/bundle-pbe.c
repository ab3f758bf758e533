/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Decryption under a password: PKCS#12's own schemes (RFC 7292 appendix C), PBES1 and PBES2
 * (RFC 8018).  Written out with OpenSSL's parts instead of PKCS12_pbe_crypt(), so that a wrong
 * password, a missing cipher and malformed parameters are three different things, plain text goes
 * to locked memory only, and scrypt is not held to OpenSSL's 32 MiB.
 */
#include "daemon/crypto/bundle-pbe.h"

#include "daemon/crypto/bundle-kdf.h"

#include <openssl/objects.h>

typedef struct {
    int nid;
    gboolean pkcs12; /* else PBES1 of PKCS#5 */
    const char *digest;
    const char *cipher;
} Scheme;

static const Scheme schemes[] = {
    {NID_pbe_WithSHA1And3_Key_TripleDES_CBC, TRUE, "SHA1", "DES-EDE3-CBC"},
    {NID_pbe_WithSHA1And2_Key_TripleDES_CBC, TRUE, "SHA1", "DES-EDE-CBC"},
    {NID_pbe_WithSHA1And40BitRC2_CBC, TRUE, "SHA1", "RC2-40-CBC"},
    {NID_pbe_WithSHA1And128BitRC2_CBC, TRUE, "SHA1", "RC2-CBC"},
    {NID_pbe_WithSHA1And40BitRC4, TRUE, "SHA1", "RC4-40"},
    {NID_pbe_WithSHA1And128BitRC4, TRUE, "SHA1", "RC4"},
    {NID_pbeWithMD5AndDES_CBC, FALSE, "MD5", "DES-CBC"},
    {NID_pbeWithSHA1AndDES_CBC, FALSE, "SHA1", "DES-CBC"},
    {NID_pbeWithMD5AndRC2_CBC, FALSE, "MD5", "RC2-64-CBC"},
    {NID_pbeWithSHA1AndRC2_CBC, FALSE, "SHA1", "RC2-64-CBC"},
};

static gboolean
fail(GError **error, MeishiErrorCode code, const char *what)
{
    meishi_ossl_set_error(error, code, what);
    return FALSE;
}

EVP_CIPHER *
meishi_bundle_pbe_cipher(MeishiReader *reader, const char *name, GError **error)
{
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, name, NULL);

    if (!cipher && meishi_reader_legacy(reader))
        cipher = EVP_CIPHER_fetch(meishi_reader_legacy(reader), name, NULL);
    ERR_clear_error();
    if (cipher)
        return cipher;
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_UNSUPPORTED, "The file is encrypted with %s, %s",
                name,
                reader->legacy_missing
                    ? "an old cipher for which OpenSSL's legacy provider (legacy.so) must be "
                      "installed"
                    : "which OpenSSL does not have");
    return NULL;
}

/* ---- key and IV, by scheme ---- */

static gboolean
set_key(EVP_CIPHER_CTX *ctx, const guint8 *key, const guint8 *iv, GError **error)
{
    if (EVP_DecryptInit_ex(ctx, NULL, NULL, key, iv) == 1)
        return TRUE;
    return fail(error, MEISHI_ERROR_UNSUPPORTED, "OpenSSL refuses the file's key");
}

static gboolean
start_pkcs12(EVP_CIPHER_CTX *ctx, const Scheme *scheme, const PBEPARAM *pbe,
             const MeishiPassword *password, GError **error)
{
    guint8 key[EVP_MAX_KEY_LENGTH], iv[EVP_MAX_IV_LENGTH];
    gsize key_len = (gsize)EVP_CIPHER_CTX_get_key_length(ctx);
    gsize iv_len = (gsize)EVP_CIPHER_CTX_get_iv_length(ctx);
    guint n = (guint)ASN1_INTEGER_get(pbe->iter);
    const EVP_MD *md = EVP_get_digestbyname(scheme->digest);
    gboolean ok =
        meishi_bundle_kdf_pkcs12(password, pbe->salt, PKCS12_KEY_ID, n, md, key, key_len) &&
        (!iv_len || meishi_bundle_kdf_pkcs12(password, pbe->salt, PKCS12_IV_ID, n, md, iv, iv_len));

    ok = ok ? set_key(ctx, key, iv_len ? iv : NULL, error)
            : fail(error, MEISHI_ERROR_BAD_FILE, "The file's key cannot be derived");
    OPENSSL_cleanse(key, sizeof key);
    return ok;
}

/* RFC 8018 6.1: eight bytes of key, eight of IV. */
static gboolean
start_pbes1(EVP_CIPHER_CTX *ctx, const Scheme *scheme, const PBEPARAM *pbe,
            const MeishiPassword *password, GError **error)
{
    guint8 block[16];
    guint n = (guint)ASN1_INTEGER_get(pbe->iter);
    gboolean ok = meishi_bundle_kdf_pbkdf1(
        password, pbe->salt, n, EVP_get_digestbyname(scheme->digest), block, sizeof block);

    ok = ok ? set_key(ctx, block, block + 8, error)
            : fail(error, MEISHI_ERROR_BAD_FILE, "The file's key cannot be derived");
    OPENSSL_cleanse(block, sizeof block);
    return ok;
}

static gboolean
start_pbes2(EVP_CIPHER_CTX *ctx, const MeishiLimits *limits, const PBE2PARAM *pbes2,
            const MeishiPassword *password, GError **error)
{
    guint8 key[EVP_MAX_KEY_LENGTH];
    gboolean ok;

    if (EVP_CIPHER_asn1_to_param(ctx, pbes2->encryption->parameter) <= 0)
        return fail(error, MEISHI_ERROR_BAD_FILE, "The parameters of the cipher are malformed");
    ok = meishi_bundle_kdf_derive(limits, pbes2->keyfunc, password, key,
                                  (gsize)EVP_CIPHER_CTX_get_key_length(ctx), error) &&
         set_key(ctx, key, NULL, error);
    OPENSSL_cleanse(key, sizeof key);
    return ok;
}

/* ---- one attempt ---- */

static EVP_CIPHER_CTX *
new_context(MeishiReader *reader, const char *name, GError **error)
{
    g_autoptr(EVP_CIPHER) cipher = meishi_bundle_pbe_cipher(reader, name, error);
    g_autoptr(EVP_CIPHER_CTX) ctx = EVP_CIPHER_CTX_new();
    int mode = cipher ? EVP_CIPHER_get_mode(cipher) : 0;

    if (!cipher)
        return NULL;
    if (mode != EVP_CIPH_CBC_MODE && mode != EVP_CIPH_STREAM_CIPHER) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_UNSUPPORTED,
                    "The file is encrypted with %s, which is not made for passwords", name);
        return NULL;
    }
    if (!ctx || EVP_DecryptInit_ex(ctx, cipher, NULL, NULL, NULL) != 1) {
        fail(error, MEISHI_ERROR_UNSUPPORTED, "The file's cipher does not start");
        return NULL;
    }
    return g_steal_pointer(&ctx);
}

static EVP_CIPHER_CTX *
begin_pbes2(MeishiReader *reader, const X509_ALGOR *algorithm, const MeishiPassword *password,
            GError **error)
{
    g_autoptr(PBE2PARAM) pbes2 =
        ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBE2PARAM), algorithm->parameter);
    g_autoptr(EVP_CIPHER_CTX) ctx = NULL;
    char name[128];

    if (!pbes2) {
        fail(error, MEISHI_ERROR_BAD_FILE, "The parameters of the encryption are malformed");
        return NULL;
    }
    OBJ_obj2txt(name, sizeof name, pbes2->encryption->algorithm, 0);
    ctx = new_context(reader, name, error);
    if (!ctx || !start_pbes2(ctx, reader->budget.limits, pbes2, password, error))
        return NULL;
    return g_steal_pointer(&ctx);
}

static EVP_CIPHER_CTX *
begin_scheme(MeishiReader *reader, const Scheme *scheme, const X509_ALGOR *algorithm,
             const MeishiPassword *password, GError **error)
{
    g_autoptr(PBEPARAM) pbe =
        ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBEPARAM), algorithm->parameter);
    g_autoptr(EVP_CIPHER_CTX) ctx = new_context(reader, scheme->cipher, error);
    gboolean ok;

    if (!ctx)
        return NULL;
    if (!pbe) {
        fail(error, MEISHI_ERROR_BAD_FILE, "The parameters of the encryption are malformed");
        return NULL;
    }
    ok = scheme->pkcs12 ? start_pkcs12(ctx, scheme, pbe, password, error)
                        : start_pbes1(ctx, scheme, pbe, password, error);
    return ok ? g_steal_pointer(&ctx) : NULL;
}

static EVP_CIPHER_CTX *
begin(MeishiReader *reader, const X509_ALGOR *algorithm, const MeishiPassword *password,
      GError **error)
{
    int nid = OBJ_obj2nid(algorithm->algorithm);

    if (nid == NID_pbes2)
        return begin_pbes2(reader, algorithm, password, error);
    for (gsize i = 0; i < G_N_ELEMENTS(schemes); i++) {
        if (schemes[i].nid == nid)
            return begin_scheme(reader, &schemes[i], algorithm, password, error);
    }
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_UNSUPPORTED,
                "The file is encrypted with %s, which is not supported", OBJ_nid2ln(nid));
    return NULL;
}

MeishiSecret *
meishi_bundle_pbe_finish(EVP_CIPHER_CTX *ctx, const guint8 *data, gsize len)
{
    g_autoptr(MeishiSecret) plain = meishi_secret_new(len + EVP_MAX_BLOCK_LENGTH);
    guint8 *out = meishi_secret_writable(plain);
    int first = 0, last = 0;

    if (len > G_MAXINT || EVP_DecryptUpdate(ctx, out, &first, data, (int)len) != 1 ||
        EVP_DecryptFinal_ex(ctx, out + first, &last) != 1) {
        ERR_clear_error();
        return NULL;
    }
    meishi_secret_truncate(plain, (gsize)(first + last));
    return g_steal_pointer(&plain);
}

/* NULL without an error: the password does not fit. */
static gpointer
attempt(MeishiReader *reader, const X509_ALGOR *algorithm, const ASN1_OCTET_STRING *data,
        MeishiDecode decode, const MeishiPassword *password, GError **error)
{
    g_autoptr(EVP_CIPHER_CTX) ctx = begin(reader, algorithm, password, error);
    g_autoptr(MeishiSecret) plain = NULL;
    gpointer result;

    if (!ctx)
        return NULL;
    plain =
        meishi_bundle_pbe_finish(ctx, ASN1_STRING_get0_data(data), (gsize)ASN1_STRING_length(data));
    result = plain ? decode(plain) : NULL;
    ERR_clear_error();
    return result;
}

/* ---- all attempts ---- */

void
meishi_bundle_pbe_refuse(const MeishiReader *reader, const char *what, GError **error)
{
    if (reader->bundle->has_mac && reader->bundle->format == MEISHI_BUNDLE_PKCS12)
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_PASSWORD_REQUIRED,
                    "The password fits the file but not %s, which has a password of its own. "
                    "Give that one too",
                    what);
    else if (reader->password_given)
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_WRONG_PASSWORD,
                    "The password does not fit %s, or the file was changed", what);
    else
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_PASSWORD_REQUIRED,
                    "A password is needed for %s", what);
}

static gboolean
check_data(const X509_ALGOR *algorithm, const ASN1_OCTET_STRING *data, GError **error)
{
    if (data && ASN1_STRING_length(data) > 0)
        return TRUE;
    return fail(error, MEISHI_ERROR_BAD_FILE, "An encrypted part of the file is empty");
}

/* The index of the i-th password to try: the one that fitted last goes first. */
static guint
order(const MeishiReader *reader, guint i)
{
    if (i == 0)
        return reader->fitting;
    return i <= reader->fitting ? i - 1 : i;
}

/* Only PKCS#12's own schemes look at the text; for the others two passwords of equal bytes are one.
 */
static gboolean
is_repeat(const MeishiReader *reader, const X509_ALGOR *algorithm, guint i)
{
    const MeishiPassword *password = g_ptr_array_index(reader->passwords, order(reader, i));

    if (OBJ_obj2nid(algorithm->algorithm) != NID_pbes2)
        return FALSE;
    for (guint j = 0; j < i; j++) {
        const MeishiPassword *earlier = g_ptr_array_index(reader->passwords, order(reader, j));

        if (meishi_secret_equal(earlier->bytes, password->bytes))
            return TRUE;
    }
    return FALSE;
}

gpointer
meishi_bundle_pbe_open(MeishiReader *reader, const X509_ALGOR *algorithm,
                       const ASN1_OCTET_STRING *data, MeishiDecode decode, const char *what,
                       GError **error)
{
    guint64 cost;

    if (!check_data(algorithm, data, error) ||
        !meishi_bundle_limits_cost(&reader->budget, algorithm, &cost, error))
        return NULL;
    for (guint i = 0; i < reader->passwords->len; i++) {
        const MeishiPassword *password = g_ptr_array_index(reader->passwords, order(reader, i));
        g_autoptr(GError) local = NULL;
        gpointer result;

        if (is_repeat(reader, algorithm, i))
            continue;
        if (!meishi_bundle_limits_spend(&reader->budget, cost, error))
            return NULL;
        result = attempt(reader, algorithm, data, decode, password, &local);
        if (result)
            reader->fitting = order(reader, i);
        if (result)
            return result;
        if (local) {
            g_propagate_error(error, g_steal_pointer(&local));
            return NULL;
        }
    }
    meishi_bundle_pbe_refuse(reader, what, error);
    return NULL;
}
