/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * OpenSSL's objects as PKCS#11 tells of them.
 */
#include "tests/lib/quirky-objects.h"

#include <dirent.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POINT_MAX 133 /* P-521 */

/* ---- reading --------------------------------------------------------------------------------- */

static int
is_pem(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);

    return len > 4 && strcmp(entry->d_name + len - 4, ".pem") == 0;
}

static unsigned
load_file(const char *path, struct quirky_object base, struct quirky_object *ret)
{
    FILE *file = fopen(path, "r");
    EVP_PKEY *key;
    unsigned n = 0;

    if (file == NULL)
        return 0;
    base.cert = PEM_read_X509(file, NULL, NULL, NULL);
    rewind(file);
    key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
    fclose(file);
    base.key = X509_get_pubkey(base.cert);
    base.class = CKO_CERTIFICATE;
    ret[n++] = base;
    base.class = CKO_PUBLIC_KEY;
    if (key != NULL)
        ret[n++] = base;
    base.key = key;
    base.class = CKO_PRIVATE_KEY;
    if (key != NULL)
        ret[n++] = base;
    return n;
}

unsigned
quirky_objects_load(const char *directory, struct quirky_object *ret)
{
    struct dirent **entries;
    int n_files = scandir(directory, &entries, is_pem, alphasort);
    unsigned n = 0;

    for (int i = 0; i < n_files; i++) {
        struct quirky_object base = {.file = (unsigned)i};
        char path[4096];

        snprintf(path, sizeof path, "%s/%s", directory, entries[i]->d_name);
        base.id = (unsigned char)strtoul(entries[i]->d_name, NULL, 16);
        if (n + 3 <= QUIRKY_MAX_OBJECTS)
            n += load_file(path, base, ret + n);
        free(entries[i]);
    }
    if (n_files >= 0)
        free(entries);
    return n;
}

/* ---- attributes ------------------------------------------------------------------------------ */

bool
quirky_object_label(const struct quirky_object *object, struct quirky_value *ret)
{
    int len = X509_NAME_get_text_by_NID(X509_get_subject_name(object->cert), NID_commonName,
                                        (char *)ret->bytes, sizeof ret->bytes);

    ret->len = len > 0 ? (CK_ULONG)len : 0;
    return len > 0;
}

bool
quirky_object_der(const struct quirky_object *object, struct quirky_value *ret)
{
    unsigned char *at = ret->bytes;

    if (object->class != CKO_CERTIFICATE)
        return false;
    ret->len = (CK_ULONG)i2d_X509(object->cert, &at);
    return true;
}

CK_KEY_TYPE
quirky_object_key_type(const struct quirky_object *object)
{
    return EVP_PKEY_is_a(object->key, "RSA") ? CKK_RSA : CKK_EC;
}

static bool
get_number(const struct quirky_object *object, const char *name, struct quirky_value *ret)
{
    BIGNUM *number = NULL;

    if (!EVP_PKEY_get_bn_param(object->key, name, &number))
        return false;
    ret->len = (CK_ULONG)BN_bn2bin(number, ret->bytes);
    BN_free(number);
    return true;
}

bool
quirky_object_modulus(const struct quirky_object *object, struct quirky_value *ret)
{
    return get_number(object, OSSL_PKEY_PARAM_RSA_N, ret);
}

bool
quirky_object_exponent(const struct quirky_object *object, struct quirky_value *ret)
{
    return get_number(object, OSSL_PKEY_PARAM_RSA_E, ret);
}

bool
quirky_object_params(const struct quirky_object *object, bool is_explicit, struct quirky_value *ret)
{
    EVP_PKEY *copy = EVP_PKEY_dup(object->key);
    unsigned char *at = ret->bytes;
    int len = 0;

    if (EVP_PKEY_is_a(copy, "EC") &&
        EVP_PKEY_set_utf8_string_param(copy, OSSL_PKEY_PARAM_EC_ENCODING,
                                       is_explicit ? "explicit" : "named_curve"))
        len = i2d_KeyParams(copy, &at);
    EVP_PKEY_free(copy);
    ret->len = len > 0 ? (CK_ULONG)len : 0;
    return len > 0;
}

bool
quirky_object_point(const struct quirky_object *object, struct quirky_value *ret)
{
    size_t len = 0;
    int ok = EVP_PKEY_is_a(object->key, "EC") &&
             EVP_PKEY_get_octet_string_param(object->key, OSSL_PKEY_PARAM_PUB_KEY, ret->bytes,
                                             POINT_MAX, &len);

    ret->len = len;
    return ok;
}

/* ---- signatures ------------------------------------------------------------------------------ */

static bool
hashes(CK_MECHANISM_TYPE mechanism)
{
    return mechanism == CKM_SHA256_RSA_PKCS || mechanism == CKM_SHA256_RSA_PKCS_PSS ||
           mechanism == CKM_ECDSA_SHA256;
}

static int
padding_of(CK_MECHANISM_TYPE mechanism)
{
    if (mechanism == CKM_RSA_X_509)
        return RSA_NO_PADDING;
    return mechanism == CKM_RSA_PKCS_PSS || mechanism == CKM_SHA256_RSA_PKCS_PSS
               ? RSA_PKCS1_PSS_PADDING
               : RSA_PKCS1_PADDING;
}

static bool
set_padding(EVP_PKEY_CTX *ctx, CK_MECHANISM_TYPE mechanism, CK_ULONG salt_len)
{
    int padding = padding_of(mechanism);

    if (EVP_PKEY_CTX_set_rsa_padding(ctx, padding) <= 0)
        return false;
    if ((padding == RSA_PKCS1_PSS_PADDING || hashes(mechanism)) &&
        EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) <= 0)
        return false;
    return padding != RSA_PKCS1_PSS_PADDING ||
           EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, (int)salt_len) > 0;
}

/* r | s, each as long as the order of the curve. */
static CK_RV
unwrap_ecdsa(const struct quirky_object *object, const unsigned char *der, size_t der_len,
             unsigned char *ret, CK_ULONG *inout_len)
{
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)der_len);
    int width = (EVP_PKEY_get_bits(object->key) + 7) / 8;
    CK_RV rv = CKR_BUFFER_TOO_SMALL;

    if (*inout_len >= (CK_ULONG)(2 * width)) {
        BN_bn2binpad(ECDSA_SIG_get0_r(sig), ret, width);
        BN_bn2binpad(ECDSA_SIG_get0_s(sig), ret + width, width);
        *inout_len = (CK_ULONG)(2 * width);
        rv = CKR_OK;
    }
    ECDSA_SIG_free(sig);
    return rv;
}

CK_RV
quirky_object_sign(const struct quirky_object *object, CK_MECHANISM_TYPE mechanism,
                   CK_ULONG salt_len, const unsigned char *data, CK_ULONG data_len,
                   unsigned char *ret, CK_ULONG *inout_len)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(object->key, NULL);
    unsigned char hash[EVP_MAX_MD_SIZE], out[1024];
    unsigned hash_len;
    size_t len = sizeof out;
    bool is_rsa = quirky_object_key_type(object) == CKK_RSA, ok;

    if (hashes(mechanism)) {
        EVP_Digest(data, data_len, hash, &hash_len, EVP_sha256(), NULL);
        data = hash;
        data_len = hash_len;
    }
    ok = EVP_PKEY_sign_init(ctx) > 0 && (!is_rsa || set_padding(ctx, mechanism, salt_len)) &&
         EVP_PKEY_sign(ctx, out, &len, data, data_len) > 0;
    EVP_PKEY_CTX_free(ctx);
    if (!ok)
        return CKR_DATA_LEN_RANGE;
    if (!is_rsa)
        return unwrap_ecdsa(object, out, len, ret, inout_len);
    if (len > *inout_len)
        return CKR_BUFFER_TOO_SMALL;
    memcpy(ret, out, len);
    *inout_len = len;
    return CKR_OK;
}
