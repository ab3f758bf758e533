/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Facts about public keys, from the certificate's side and from the private key's side alike, so
 * that both give the same bytes for the same key.  What we serve is decided here once: RSA, EC on
 * curves with a name, Ed25519 and Ed448.
 */
#include "daemon/crypto/spki.h"

#include <openssl/core_names.h>
#include <openssl/objects.h>

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

int
meishi_spki_curve_nid(EVP_PKEY *pkey)
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
        nid = meishi_spki_curve_nid(pkey);
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
                meishi_spki_curve_nid(pkey) != NID_undef ? OBJ_nid2sn(meishi_spki_curve_nid(pkey))
                                                         : "without a name");
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
