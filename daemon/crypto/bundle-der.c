/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * DER files of one thing: a certificate, a PKCS#7 bag of certificates (.p7b), or a private key as
 * PKCS#8, encrypted PKCS#8, PKCS#1 or SEC1.  The same contents come out of PEM blocks.
 */
#include "daemon/crypto/bundle-pbe.h"

#include <openssl/objects.h>
#include <string.h>

static gboolean
fail(GError **error, MeishiErrorCode code, const char *what)
{
    meishi_ossl_set_error(error, code, what);
    return FALSE;
}

static gboolean
add_all(MeishiReader *reader, const STACK_OF(X509) * certs, GError **error)
{
    for (int i = 0; i < sk_X509_num(certs); i++) {
        if (!meishi_reader_add_x509(reader, sk_X509_value(certs, i), NULL, error))
            return FALSE;
    }
    return TRUE;
}

gboolean
meishi_bundle_der_read_pkcs7(MeishiReader *reader, const guint8 *der, gsize len, GError **error)
{
    g_autoptr(PKCS7) pkcs7 = d2i_PKCS7(NULL, &der, (long)len);

    if (!pkcs7)
        return fail(error, MEISHI_ERROR_BAD_FILE, "The PKCS#7 file is damaged");
    if (OBJ_obj2nid(pkcs7->type) != NID_pkcs7_signed || !pkcs7->d.sign)
        return fail(error, MEISHI_ERROR_UNSUPPORTED, "The PKCS#7 file does not hold certificates");
    return add_all(reader, pkcs7->d.sign->cert, error);
}

gboolean
meishi_bundle_der_read_pkcs8(MeishiReader *reader, const guint8 *der, gsize len, GError **error)
{
    g_autoptr(PKCS8_PRIV_KEY_INFO) info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &der, (long)len);

    if (!info)
        return fail(error, MEISHI_ERROR_BAD_FILE, "The private key is damaged");
    return meishi_reader_add_info(reader, info, NULL, error);
}

static gpointer
decode_info(MeishiSecret *plain)
{
    const unsigned char *p = meishi_secret_data(plain);

    return d2i_PKCS8_PRIV_KEY_INFO(NULL, &p, (long)meishi_secret_len(plain));
}

gboolean
meishi_bundle_der_read_encrypted(MeishiReader *reader, const guint8 *der, gsize len, GError **error)
{
    g_autoptr(X509_SIG) shroud = d2i_X509_SIG(NULL, &der, (long)len);
    g_autoptr(PKCS8_PRIV_KEY_INFO) info = NULL;
    const X509_ALGOR *algorithm;
    const ASN1_OCTET_STRING *data;

    if (!shroud)
        return fail(error, MEISHI_ERROR_BAD_FILE, "The encrypted private key is damaged");
    X509_SIG_get0(shroud, &algorithm, &data);
    info = meishi_bundle_pbe_open(reader, algorithm, data, decode_info, "the private key", error);
    return info && meishi_reader_add_info(reader, info, NULL, error);
}

gboolean
meishi_bundle_der_read_traditional(MeishiReader *reader, int type, const guint8 *der, gsize len,
                                   GError **error)
{
    g_autoptr(EVP_PKEY) pkey = d2i_PrivateKey(type, NULL, &der, (long)len);

    if (!pkey)
        return fail(error, MEISHI_ERROR_BAD_FILE, "The private key is damaged");
    return meishi_reader_add_key(reader, pkey, NULL, error);
}

/* ---- which of them is it? ---- */

/* The tags of the first elements inside the outer SEQUENCE decide. */
typedef struct {
    int tags[3];
    gboolean pkcs7;      /* the first element is an OID of PKCS#7 */
    gboolean nested_oid; /* the first element is a SEQUENCE that starts with an OID */
    gboolean pkcs12;     /* the second element is a ContentInfo of PKCS#7 */
} Shape;

static const unsigned char *
step(const unsigned char **p, const unsigned char *end, int *ret_tag, long *ret_len)
{
    const unsigned char *content;
    int class;
    int flags = *p < end ? ASN1_get_object(p, ret_len, ret_tag, &class, end - *p) : 0x80;

    ERR_clear_error();
    if (flags & 0x80) {
        *p = end;
        *ret_tag = -1;
        *ret_len = 0;
        return NULL;
    }
    content = *p;
    if (class != V_ASN1_UNIVERSAL)
        *ret_tag = -1;
    *p = flags & 1 ? end : content + *ret_len;
    return content;
}

static gboolean
starts_with_oid(const unsigned char *content, long len)
{
    return content && len > 0 && *content == V_ASN1_OBJECT;
}

static gboolean
is_pkcs7(const unsigned char *content, long len)
{
    static const guint8 arc[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07};

    return len > (long)sizeof arc && memcmp(content, arc, sizeof arc) == 0;
}

static Shape
look(const guint8 *der, gsize len)
{
    const unsigned char *p = der, *end = der + len, *inside;
    Shape shape = {{-1, -1, -1}, FALSE, FALSE, FALSE};
    long size;
    int tag;

    inside = step(&p, end, &tag, &size);
    if (!inside || tag != V_ASN1_SEQUENCE)
        return shape;
    p = inside;
    for (guint i = 0; i < G_N_ELEMENTS(shape.tags); i++) {
        const unsigned char *content = step(&p, end, &shape.tags[i], &size);

        if (i == 0 && content) {
            shape.pkcs7 = shape.tags[0] == V_ASN1_OBJECT && is_pkcs7(content, size);
            shape.nested_oid = shape.tags[0] == V_ASN1_SEQUENCE && starts_with_oid(content, size);
        }
        if (i == 1 && content && shape.tags[1] == V_ASN1_SEQUENCE)
            shape.pkcs12 = end - content > 2 && *content == V_ASN1_OBJECT &&
                           is_pkcs7(content + 2, end - content - 2);
    }
    return shape;
}

/* RFC 5208, 8017 A.1.2, 5915: a version, then an AlgorithmIdentifier, modulus or key. */
static gboolean
read_key(MeishiReader *reader, const Shape *shape, const guint8 *der, gsize len, GError **error)
{
    reader->bundle->format = MEISHI_BUNDLE_DER_KEY;
    switch (shape->tags[1]) {
    case V_ASN1_SEQUENCE:
        return meishi_bundle_der_read_pkcs8(reader, der, len, error);
    case V_ASN1_INTEGER:
        return meishi_bundle_der_read_traditional(reader, EVP_PKEY_RSA, der, len, error);
    default:
        return meishi_bundle_der_read_traditional(reader, EVP_PKEY_EC, der, len, error);
    }
}

/* A request, a list or a bare public key, by trying; or nothing that we know. */
static gboolean
refuse(const guint8 *der, gsize len, GError **error)
{
    const unsigned char *p = der;
    g_autoptr(X509_REQ) request = d2i_X509_REQ(NULL, &p, (long)len);
    g_autoptr(X509_CRL) list = NULL;
    g_autoptr(EVP_PKEY) pkey = NULL;

    ERR_clear_error();
    if (request)
        return fail(error, MEISHI_ERROR_BAD_FILE,
                    "This is a certificate request, not a certificate: send it to whoever issues "
                    "certificates to you, and import what comes back");
    p = der;
    list = d2i_X509_CRL(NULL, &p, (long)len);
    ERR_clear_error();
    if (list)
        return fail(error, MEISHI_ERROR_BAD_FILE,
                    "This is a list of revoked certificates, which is not needed here");
    p = der;
    pkey = d2i_PUBKEY(NULL, &p, (long)len);
    ERR_clear_error();
    if (pkey)
        return fail(error, MEISHI_ERROR_BAD_FILE,
                    "This is a public key without a certificate, which is not needed here");
    return fail(error, MEISHI_ERROR_BAD_FILE,
                "This is no certificate, private key or PKCS#12 file, or it is damaged");
}

static gboolean
read_cert(MeishiReader *reader, GBytes *file, GError **error)
{
    gsize len;
    const unsigned char *p = g_bytes_get_data(file, &len), *start = p;
    g_autoptr(X509) x509 = d2i_X509(NULL, &p, (long)len);
    g_autoptr(GBytes) exact = NULL;

    ERR_clear_error();
    if (!x509)
        return refuse(start, len, error);
    if ((gsize)(p - start) < len)
        meishi_reader_note(reader, "There are bytes behind the end of the certificate; they were "
                                   "ignored.");
    exact = g_bytes_new_from_bytes(file, 0, (gsize)(p - start));
    return meishi_reader_add_cert(reader, exact, NULL, error);
}

gboolean
meishi_bundle_der_is_pkcs12(GBytes *file)
{
    gsize len;
    const guint8 *der = g_bytes_get_data(file, &len);
    const Shape shape = look(der, len);

    return shape.tags[0] == V_ASN1_INTEGER && shape.pkcs12;
}

gboolean
meishi_bundle_der_read(MeishiReader *reader, GBytes *file, GError **error)
{
    gsize len;
    const guint8 *der = g_bytes_get_data(file, &len);
    const Shape shape = look(der, len);

    reader->bundle->format = MEISHI_BUNDLE_DER_CERTIFICATE;
    if (shape.tags[0] == V_ASN1_INTEGER &&
        (shape.tags[1] == V_ASN1_SEQUENCE || shape.tags[1] == V_ASN1_INTEGER ||
         shape.tags[1] == V_ASN1_OCTET_STRING))
        return read_key(reader, &shape, der, len, error);
    if (shape.pkcs7)
        return meishi_bundle_der_read_pkcs7(reader, der, len, error);
    if (shape.nested_oid && shape.tags[1] == V_ASN1_OCTET_STRING) {
        reader->bundle->format = MEISHI_BUNDLE_DER_KEY;
        return meishi_bundle_der_read_encrypted(reader, der, len, error);
    }
    return read_cert(reader, file, error);
}
