/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Two kinds of MAC: HMAC under PKCS#12's own key derivation (RFC 7292 appendix B), and PBMAC1
 * (RFC 9579), which OpenSSL 3.0 does not know and reports as a wrong password.
 */
#include "daemon/crypto/bundle-mac.h"

#include "daemon/crypto/bundle-kdf.h"

#include <openssl/hmac.h>
#include <openssl/objects.h>

/* What the MAC of this file is made with. */
typedef struct {
    const MeishiMacData *data;
    const EVP_MD *md;
    guint64 iterations;
    const X509_ALGOR *kdf; /* PBMAC1; NULL: PKCS#12's own */
    gsize key_len;
} Mac;

static gboolean
fail(GError **error, MeishiErrorCode code, const char *what)
{
    meishi_ossl_set_error(error, code, what);
    return FALSE;
}

static gboolean
set_md(Mac *mac, int nid, GError **error)
{
    mac->md = EVP_get_digestbynid(nid);
    if (mac->md && EVP_MD_get_size(mac->md) > 0 && !(EVP_MD_get_flags(mac->md) & EVP_MD_FLAG_XOF)) {
        mac->key_len = (gsize)EVP_MD_get_size(mac->md);
        return TRUE;
    }
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_UNSUPPORTED,
                "The file's integrity check uses %s, which is not supported", OBJ_nid2ln(nid));
    return FALSE;
}

/* RFC 9579 section 4: the derivation must be PBKDF2 and say how long the key is. */
static gboolean
prepare_pbmac1(Mac *mac, const PBE2PARAM *pbmac1, const MeishiBudget *budget, GError **error)
{
    g_autoptr(PBKDF2PARAM) kdf =
        ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBKDF2PARAM), pbmac1->keyfunc->parameter);
    int md = NID_undef;
    gint64 key_len = 0;

    if (OBJ_obj2nid(pbmac1->keyfunc->algorithm) != NID_id_pbkdf2 || !kdf)
        return fail(error, MEISHI_ERROR_UNSUPPORTED,
                    "The file's integrity check is PBMAC1 without PBKDF2, which is not supported");
    if (!EVP_PBE_find(EVP_PBE_TYPE_PRF, OBJ_obj2nid(pbmac1->encryption->algorithm), NULL, &md,
                      NULL))
        return fail(error, MEISHI_ERROR_UNSUPPORTED,
                    "The file's integrity check is PBMAC1 with an unknown hash");
    if (!kdf->keylength || !ASN1_INTEGER_get_int64(&key_len, kdf->keylength) || key_len < 1 ||
        key_len > EVP_MAX_MD_SIZE)
        return fail(error, MEISHI_ERROR_BAD_FILE,
                    "The file's integrity check (PBMAC1) has no sane key length");
    mac->kdf = pbmac1->keyfunc;
    if (!set_md(mac, md, error) ||
        !meishi_bundle_limits_count(budget, kdf->iter, &mac->iterations, error))
        return FALSE;
    mac->key_len = (gsize)key_len;
    return TRUE;
}

static gboolean
compute(const Mac *mac, const MeishiPassword *password, const ASN1_OCTET_STRING *content,
        guint8 out[static EVP_MAX_MD_SIZE], guint *ret_len)
{
    static const MeishiLimits unused;
    guint8 key[EVP_MAX_MD_SIZE];
    gboolean ok =
        mac->kdf ? meishi_bundle_kdf_derive(&unused, mac->kdf, password, key, mac->key_len, NULL)
                 : meishi_bundle_kdf_pkcs12(password, mac->data->salt, PKCS12_MAC_ID,
                                            (guint)mac->iterations, mac->md, key, mac->key_len);

    ok = ok && HMAC(mac->md, key, (int)mac->key_len, ASN1_STRING_get0_data(content),
                    (gsize)ASN1_STRING_length(content), out, ret_len) != NULL;
    OPENSSL_cleanse(key, sizeof key);
    return ok;
}

static gboolean
fits(const Mac *mac, const MeishiPassword *password, const ASN1_OCTET_STRING *content)
{
    const ASN1_OCTET_STRING *expected;
    guint8 actual[EVP_MAX_MD_SIZE];
    guint len = 0;

    X509_SIG_get0(mac->data->digest_info, NULL, &expected);
    return compute(mac, password, content, actual, &len) &&
           len == (guint)ASN1_STRING_length(expected) &&
           CRYPTO_memcmp(actual, ASN1_STRING_get0_data(expected), len) == 0;
}

static gboolean
refuse(const MeishiReader *reader, GError **error)
{
    if (reader->password_given)
        return fail(error, MEISHI_ERROR_WRONG_PASSWORD,
                    "The password does not fit, or the file was changed");
    return fail(error, MEISHI_ERROR_PASSWORD_REQUIRED, "A password is needed for the file");
}

static gboolean
is_same_secret(MeishiSecret *a, MeishiSecret *b)
{
    return a && b && meishi_secret_equal(a, b);
}

/* Two forms of a password that differ in what this MAC does not look at are one. */
static gboolean
is_repeat(const MeishiReader *reader, const Mac *mac, guint i)
{
    const MeishiPassword *password = g_ptr_array_index(reader->passwords, i);

    for (guint j = 0; j < i; j++) {
        const MeishiPassword *earlier = g_ptr_array_index(reader->passwords, j);

        if (mac->kdf ? is_same_secret(earlier->bytes, password->bytes)
                     : is_same_secret(earlier->text, password->text))
            return TRUE;
    }
    return FALSE;
}

static gboolean
try_passwords(MeishiReader *reader, const Mac *mac, const ASN1_OCTET_STRING *content,
              GError **error)
{
    for (guint i = 0; i < reader->passwords->len; i++) {
        if (is_repeat(reader, mac, i))
            continue;
        if (!meishi_bundle_limits_spend(&reader->budget, mac->iterations, error))
            return FALSE;
        if (fits(mac, g_ptr_array_index(reader->passwords, i), content)) {
            reader->fitting = i;
            return TRUE;
        }
        ERR_clear_error();
    }
    return refuse(reader, error);
}

gboolean
meishi_bundle_mac_check(MeishiReader *reader, const MeishiMacData *data,
                        const ASN1_OCTET_STRING *content, GError **error)
{
    Mac mac = {.data = data};
    const X509_ALGOR *algorithm;
    g_autoptr(PBE2PARAM) pbmac1 = NULL;
    gboolean ok;

    X509_SIG_get0(data->digest_info, &algorithm, NULL);
    if (OBJ_obj2nid(algorithm->algorithm) == NID_pbmac1) {
        pbmac1 = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBE2PARAM), algorithm->parameter);
        ok = pbmac1 ? prepare_pbmac1(&mac, pbmac1, &reader->budget, error)
                    : fail(error, MEISHI_ERROR_BAD_FILE,
                           "The parameters of the file's integrity check are malformed");
    } else {
        ok = set_md(&mac, OBJ_obj2nid(algorithm->algorithm), error) &&
             meishi_bundle_limits_count(&reader->budget, data->iterations, &mac.iterations, error);
    }
    return ok && try_passwords(reader, &mac, content, error);
}
