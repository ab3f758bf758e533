/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From a public key to MeishiPublicKey: what rules and people look at, and what PKCS#11 attributes
 * are made of.  A key that we cannot use is described all the same, as type UNKNOWN: an issuer may
 * have one.
 */
#include "daemon/crypto/spki.h"

#include "daemon/crypto/crypto.h"

#include <openssl/core_names.h>
#include <openssl/objects.h>
#include <string.h>

/* The contents of the BIT STRING in @spki; RFC 5280 4.1.2.7 has nothing behind it. */
static GBytes *
key_bits(GBytes *spki)
{
    gsize size;
    const unsigned char *p = g_bytes_get_data(spki, &size), *end = p + size;
    long len;
    int tag, class;

    if (ASN1_get_object(&p, &len, &tag, &class, end - p) & 0x80)
        return NULL;
    if (ASN1_get_object(&p, &len, &tag, &class, end - p) & 0x80)
        return NULL;
    p += len;
    if ((ASN1_get_object(&p, &len, &tag, &class, end - p) & 0x80) || tag != V_ASN1_BIT_STRING ||
        len < 1)
        return NULL;
    return g_bytes_new(p + 1, (gsize)len - 1);
}

static GBytes *
big_number(EVP_PKEY *pkey, const char *param)
{
    g_autoptr(BIGNUM) number = NULL;
    guint8 *bytes;
    int len;

    if (!EVP_PKEY_get_bn_param(pkey, param, &number))
        return NULL;
    len = BN_num_bytes(number);
    bytes = g_malloc((gsize)len);
    BN_bn2bin(number, bytes);
    return g_bytes_new_take(bytes, (gsize)len);
}

static GBytes *
der_string(int tag, gconstpointer data, gsize len)
{
    int total = ASN1_object_size(0, (int)len, tag);
    unsigned char *der = g_malloc((gsize)total), *p = der;

    ASN1_put_object(&p, 0, (int)len, tag, V_ASN1_UNIVERSAL);
    memcpy(p, data, len);
    return g_bytes_new_take(der, (gsize)total);
}

static GBytes *
der_oid(int nid)
{
    unsigned char *der = NULL;
    int len = i2d_ASN1_OBJECT(OBJ_nid2obj(nid), &der);

    return meishi_ossl_take_der(der, len);
}

static void
describe_rsa(EVP_PKEY *pkey, MeishiPublicKey *key)
{
    key->modulus = big_number(pkey, OSSL_PKEY_PARAM_RSA_N);
    key->exponent = big_number(pkey, OSSL_PKEY_PARAM_RSA_E);
    key->text =
        g_strdup_printf("%s %u", key->type == MEISHI_KEY_RSA ? "RSA" : "RSA-PSS", key->bits);
}

static void
describe_ec(EVP_PKEY *pkey, GBytes *bits, MeishiPublicKey *key)
{
    key->ec_params = der_oid(meishi_spki_curve_nid(pkey));
    key->ec_point =
        der_string(V_ASN1_OCTET_STRING, g_bytes_get_data(bits, NULL), g_bytes_get_size(bits));
    key->text = g_strdup_printf("EC %s", key->curve);
}

/* PKCS#11 3.0, 2.3.5: the curve's name as PrintableString. */
static void
describe_edwards(GBytes *bits, MeishiPublicKey *key)
{
    const char *name = key->type == MEISHI_KEY_ED25519 ? "edwards25519" : "edwards448";

    key->ec_params = der_string(V_ASN1_PRINTABLESTRING, name, strlen(name));
    key->ec_point =
        der_string(V_ASN1_OCTET_STRING, g_bytes_get_data(bits, NULL), g_bytes_get_size(bits));
    key->text = g_strdup(key->type == MEISHI_KEY_ED25519 ? "Ed25519" : "Ed448");
}

static MeishiPublicKey *
describe_spki(GBytes *spki)
{
    MeishiPublicKey *key = g_new0(MeishiPublicKey, 1);
    g_autoptr(GBytes) bits = key_bits(spki);

    key->spki = g_bytes_ref(spki);
    meishi_crypto_sha256(g_bytes_get_data(spki, NULL), g_bytes_get_size(spki), key->spki_sha256);
    if (bits)
        EVP_Digest(g_bytes_get_data(bits, NULL), g_bytes_get_size(bits), key->key_id, NULL,
                   EVP_sha1(), NULL);
    return key;
}

MeishiPublicKey *
meishi_spki_describe_opaque(GBytes *spki, const char *algorithm)
{
    MeishiPublicKey *key = describe_spki(spki);

    key->text = g_strdup(algorithm);
    return key;
}

static char *
unknown_text(EVP_PKEY *pkey, guint bits)
{
    const char *type = EVP_PKEY_get0_type_name(pkey);

    return g_strdup_printf("%s %u", type ? type : "unknown", bits);
}

MeishiPublicKey *
meishi_spki_describe(EVP_PKEY *pkey)
{
    g_autoptr(GBytes) spki = meishi_spki_encode(pkey);
    g_autoptr(GBytes) bits = spki ? key_bits(spki) : NULL;
    MeishiPublicKey *key;

    if (!bits)
        return NULL;
    key = describe_spki(spki);
    key->bits = meishi_spki_bits(pkey);
    if (!meishi_spki_check_usable(pkey, NULL)) {
        key->text = unknown_text(pkey, key->bits);
        return key;
    }
    key->type = meishi_spki_type(pkey);
    key->curve = meishi_spki_curve(pkey);
    if (key->type == MEISHI_KEY_RSA || key->type == MEISHI_KEY_RSA_PSS)
        describe_rsa(pkey, key);
    else if (key->type == MEISHI_KEY_EC)
        describe_ec(pkey, bits, key);
    else
        describe_edwards(bits, key);
    ERR_clear_error();
    return key;
}

MeishiPublicKey *
meishi_public_key_parse(GBytes *spki, GError **error)
{
    g_autoptr(EVP_PKEY) pkey = meishi_spki_decode(spki, error);
    MeishiPublicKey *key;

    if (!pkey || !meishi_spki_check_usable(pkey, error))
        return NULL;
    key = meishi_spki_describe(pkey);
    if (!key)
        meishi_ossl_set_error(error, MEISHI_ERROR_BAD_FILE, "The public key cannot be encoded");
    return key;
}
