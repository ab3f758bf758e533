/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Facts about public keys, from the certificate's side and from the private key's side alike, so
 * that both give the same bytes for the same key.  What we serve is decided here once: RSA, EC on
 * curves with a name, Ed25519 and Ed448.
 */
#include "daemon/crypto/spki.h"

#include "daemon/crypto/crypto.h"

#include <openssl/core_names.h>
#include <openssl/objects.h>
#include <string.h>

#define RSA_MIN_BITS 1024
#define RSA_MAX_BITS 16384

/* The curves that TLS has numbers for (RFC 8422, 7027), and P-224 for old cards' keys. */
static const struct {
    int nid;
    const char *name;
} curves[] = {
    {NID_X9_62_prime256v1, "P-256"},
    {NID_secp384r1, "P-384"},
    {NID_secp521r1, "P-521"},
    {NID_secp224r1, "P-224"},
    {NID_secp256k1, "secp256k1"},
    {NID_brainpoolP256r1, "brainpoolP256r1"},
    {NID_brainpoolP384r1, "brainpoolP384r1"},
    {NID_brainpoolP512r1, "brainpoolP512r1"},
};

static int
curve_nid(EVP_PKEY *pkey)
{
    char name[80];
    gsize len = 0;

    if (!EVP_PKEY_get_group_name(pkey, name, sizeof name, &len))
        return NID_undef;
    return OBJ_txt2nid(name);
}

/* RFC 5480 2.1.1: a certificate names its curve.  OpenSSL recognises known numbers all the same. */
static gboolean
has_explicit_curve(EVP_PKEY *pkey)
{
    int is_explicit = 0;

    if (!EVP_PKEY_get_int_param(pkey, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS,
                                &is_explicit))
        return FALSE;
    return is_explicit != 0;
}

const char *
meishi_spki_curve(EVP_PKEY *pkey)
{
    int nid;

    switch (EVP_PKEY_get_base_id(pkey)) {
    case EVP_PKEY_ED25519:
        return "ed25519";
    case EVP_PKEY_ED448:
        return "ed448";
    case EVP_PKEY_EC:
        nid = curve_nid(pkey);
        for (gsize i = 0; i < G_N_ELEMENTS(curves); i++) {
            if (curves[i].nid == nid)
                return curves[i].name;
        }
        return NULL;
    default:
        return NULL;
    }
}

MeishiKeyType
meishi_spki_type(EVP_PKEY *pkey)
{
    switch (EVP_PKEY_get_base_id(pkey)) {
    case EVP_PKEY_RSA:
        return MEISHI_KEY_RSA;
    case EVP_PKEY_RSA_PSS:
        return MEISHI_KEY_RSA_PSS;
    case EVP_PKEY_EC:
        return MEISHI_KEY_EC;
    case EVP_PKEY_ED25519:
        return MEISHI_KEY_ED25519;
    case EVP_PKEY_ED448:
        return MEISHI_KEY_ED448;
    default:
        return MEISHI_KEY_UNKNOWN;
    }
}

guint
meishi_spki_bits(EVP_PKEY *pkey)
{
    int bits;

    switch (EVP_PKEY_get_base_id(pkey)) {
    case EVP_PKEY_ED25519:
        return 255;
    case EVP_PKEY_ED448:
        return 448;
    default:
        bits = EVP_PKEY_get_bits(pkey);
        return bits > 0 ? (guint)bits : 0;
    }
}

GBytes *
meishi_spki_encode(EVP_PKEY *pkey)
{
    unsigned char *der = NULL;
    int len;

    if (EVP_PKEY_get_base_id(pkey) == EVP_PKEY_EC)
        EVP_PKEY_set_utf8_string_param(pkey, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                                       OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_UNCOMPRESSED);
    len = i2d_PUBKEY(pkey, &der);
    ERR_clear_error();
    return meishi_ossl_take_der(der, len);
}

EVP_PKEY *
meishi_spki_decode(GBytes *spki, GError **error)
{
    gsize len;
    const unsigned char *start = g_bytes_get_data(spki, &len), *p = start;
    g_autoptr(EVP_PKEY) pkey = len ? d2i_PUBKEY(NULL, &p, (long)len) : NULL;

    if (!pkey) {
        meishi_ossl_set_error(error, MEISHI_ERROR_BAD_FILE, "The public key cannot be read");
        return NULL;
    }
    if (p != start + len) {
        g_set_error_literal(error, MEISHI_ERROR, MEISHI_ERROR_BAD_FILE,
                            "There are bytes behind the public key");
        return NULL;
    }
    return g_steal_pointer(&pkey);
}

static gboolean
check_rsa(EVP_PKEY *pkey, GError **error)
{
    guint bits = meishi_spki_bits(pkey);

    if (bits >= RSA_MIN_BITS && bits <= RSA_MAX_BITS)
        return TRUE;
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_UNSUPPORTED,
                "The RSA key has %u bits; TLS programs take %d to %d. Ask for a new certificate "
                "with a key of 2048 bits or more",
                bits, RSA_MIN_BITS, RSA_MAX_BITS);
    return FALSE;
}

static gboolean
check_ec(EVP_PKEY *pkey, GError **error)
{
    if (has_explicit_curve(pkey)) {
        g_set_error_literal(error, MEISHI_ERROR, MEISHI_ERROR_UNSUPPORTED,
                            "The EC key spells its curve out instead of naming it, which TLS "
                            "does not allow (RFC 5480). Ask for a new certificate");
        return FALSE;
    }
    if (meishi_spki_curve(pkey))
        return TRUE;
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_UNSUPPORTED,
                "The EC key is on the curve %s, which TLS programs do not use",
                curve_nid(pkey) != NID_undef ? OBJ_nid2sn(curve_nid(pkey)) : "without a name");
    return FALSE;
}

gboolean
meishi_spki_check_usable(EVP_PKEY *pkey, GError **error)
{
    const char *type;

    switch (meishi_spki_type(pkey)) {
    case MEISHI_KEY_RSA:
    case MEISHI_KEY_RSA_PSS:
        return check_rsa(pkey, error);
    case MEISHI_KEY_EC:
        return check_ec(pkey, error);
    case MEISHI_KEY_ED25519:
    case MEISHI_KEY_ED448:
        return TRUE;
    default:
        type = EVP_PKEY_get0_type_name(pkey);
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_UNSUPPORTED,
                    "The key is of type %s, which TLS client authentication does not use",
                    type ? type : "unknown");
        return FALSE;
    }
}

/* ---- description ---- */

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
    key->ec_params = der_oid(curve_nid(pkey));
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
