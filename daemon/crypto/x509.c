/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From DER to MeishiCert (RFC 5280).  Validity, trust and policy are not judged here.
 */
#include "daemon/crypto/crypto.h"

#include "daemon/crypto/dn.h"
#include "daemon/crypto/ossl.h"
#include "daemon/crypto/spki.h"
#include "daemon/crypto/text.h"
#include "daemon/crypto/x509-extensions.h"

#include <openssl/objects.h>
#include <openssl/pem.h>
#include <string.h>
#include <time.h>

static gboolean
fail(GError **error, const char *what)
{
    meishi_ossl_set_error(error, MEISHI_ERROR_BAD_FILE, what);
    return FALSE;
}

static X509 *
decode(GBytes *der, GError **error)
{
    gsize len;
    const unsigned char *start = g_bytes_get_data(der, &len), *p = start;
    g_autoptr(X509) x509 = len ? d2i_X509(NULL, &p, (long)len) : NULL;

    if (!x509) {
        fail(error, "This is not an X.509 certificate, or it is damaged");
        return NULL;
    }
    if (p != start + len) {
        fail(error, "There are bytes behind the end of the certificate");
        return NULL;
    }
    return g_steal_pointer(&x509);
}

static void
fill_hashes(GBytes *der, MeishiCert *cert)
{
    guint8 sha1[EVP_MAX_MD_SIZE];

    cert->der = g_bytes_ref(der);
    meishi_crypto_sha256(g_bytes_get_data(der, NULL), g_bytes_get_size(der), cert->sha256);
    if (EVP_Digest(g_bytes_get_data(der, NULL), g_bytes_get_size(der), sha1, NULL, EVP_sha1(),
                   NULL))
        memcpy(cert->sha1_check, sha1, sizeof cert->sha1_check);
}

static char *
hex_of_integer(const ASN1_INTEGER *integer)
{
    g_autoptr(GString) hex = g_string_new(NULL);
    const guint8 *bytes = ASN1_STRING_get0_data(integer);

    if (ASN1_STRING_type(integer) == V_ASN1_NEG_INTEGER)
        g_string_append_c(hex, '-');
    for (int i = 0; i < ASN1_STRING_length(integer); i++)
        g_string_append_printf(hex, "%02x", bytes[i]);
    return g_string_free(g_steal_pointer(&hex), FALSE);
}

static gboolean
fill_version_and_serial(X509 *x509, MeishiCert *cert, GError **error)
{
    const ASN1_INTEGER *serial = X509_get0_serialNumber(x509);
    unsigned char *der = NULL;
    int len = i2d_ASN1_INTEGER(serial, &der);

    cert->serial = meishi_ossl_take_der(der, len);
    cert->serial_hex = hex_of_integer(serial);
    cert->version = (int)X509_get_version(x509) + 1;
    if (cert->version < 1 || cert->version > 3)
        return fail(error, "The certificate has a version that does not exist");
    return TRUE;
}

static GBytes *
encode_name(const X509_NAME *name)
{
    unsigned char *der = NULL;
    int len = i2d_X509_NAME(name, &der);

    return meishi_ossl_take_der(der, len);
}

static void
fill_names(X509 *x509, MeishiCert *cert)
{
    const X509_NAME *subject = X509_get_subject_name(x509), *issuer = X509_get_issuer_name(x509);

    cert->subject = encode_name(subject);
    cert->issuer = encode_name(issuer);
    cert->subject_name = meishi_dn_read(subject, cert->subject);
    cert->issuer_name = meishi_dn_read(issuer, cert->issuer);
    cert->subject_text = meishi_dn_to_text(cert->subject_name);
    cert->issuer_text = meishi_dn_to_text(cert->issuer_name);
    cert->subject_cn = meishi_dn_common_name(cert->subject_name);
    cert->issuer_cn = meishi_dn_common_name(cert->issuer_name);
    cert->is_self_issued = X509_NAME_cmp(subject, issuer) == 0;
}

static gboolean
read_time(const ASN1_TIME *asn1, gint64 *ret)
{
    struct tm tm = {0};

    if (!ASN1_TIME_to_tm(asn1, &tm))
        return FALSE;
    *ret = timegm(&tm);
    return TRUE;
}

static gboolean
fill_dates(X509 *x509, MeishiCert *cert, GError **error)
{
    if (read_time(X509_get0_notBefore(x509), &cert->not_before) &&
        read_time(X509_get0_notAfter(x509), &cert->not_after))
        return TRUE;
    return fail(error, "The certificate's dates of validity cannot be read");
}

/* ---- key and signature ---- */

static char *
algorithm_text(const ASN1_OBJECT *algorithm)
{
    int nid = OBJ_obj2nid(algorithm);

    return nid != NID_undef ? g_strdup(OBJ_nid2ln(nid)) : meishi_text_oid(algorithm);
}

static void
fill_signature(X509 *x509, MeishiCert *cert)
{
    const X509_ALGOR *algorithm;
    const ASN1_OBJECT *oid;
    int digest = NID_undef;

    X509_get0_signature(NULL, &algorithm, x509);
    X509_ALGOR_get0(&oid, NULL, NULL, algorithm);
    cert->signature_algorithm = algorithm_text(oid);
    if (!X509_get_signature_info(x509, &digest, NULL, NULL, NULL))
        ERR_clear_error();
    cert->signature_is_weak = digest == NID_md2 || digest == NID_md4 || digest == NID_md5 ||
                              digest == NID_sha1 || digest == NID_md5_sha1;
}

static GBytes *
encode_spki(X509 *x509)
{
    unsigned char *der = NULL;
    int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x509), &der);

    return meishi_ossl_take_der(der, len);
}

/* A key that OpenSSL cannot load still has bytes and a name for them. */
static MeishiPublicKey *
describe_opaque(X509 *x509)
{
    g_autoptr(GBytes) spki = encode_spki(x509);
    g_autofree char *name = NULL;
    ASN1_OBJECT *algorithm = NULL;

    X509_PUBKEY_get0_param(&algorithm, NULL, NULL, NULL, X509_get_X509_PUBKEY(x509));
    name = algorithm ? algorithm_text(algorithm) : NULL;
    return spki ? meishi_spki_describe_opaque(spki, name ? name : "unknown") : NULL;
}

static gboolean
fill_key(X509 *x509, MeishiCert *cert, GError **error)
{
    EVP_PKEY *pkey = X509_get0_pubkey(x509);

    cert->key = pkey ? meishi_spki_describe(pkey) : NULL;
    if (!cert->key)
        cert->key = describe_opaque(x509);
    if (!cert->key)
        return fail(error, "The certificate's public key cannot be read");
    cert->is_self_signed = cert->is_self_issued && pkey && X509_verify(x509, pkey) == 1;
    ERR_clear_error();
    return TRUE;
}

MeishiCert *
meishi_x509_parse(GBytes *der, GError **error)
{
    g_autoptr(X509) x509 = decode(der, error);
    g_autoptr(MeishiCert) cert = NULL;

    if (!x509)
        return NULL;
    cert = g_new0(MeishiCert, 1);
    cert->refs = 1;
    fill_hashes(der, cert);
    fill_names(x509, cert);
    fill_signature(x509, cert);
    if (!fill_version_and_serial(x509, cert, error) || !fill_dates(x509, cert, error) ||
        !meishi_x509_extensions_read(x509, cert, error) || !fill_key(x509, cert, error))
        return NULL;
    return g_steal_pointer(&cert);
}

gboolean
meishi_x509_is_issued_by(const MeishiCert *cert, const MeishiCert *issuer, gpointer unused)
{
    g_autoptr(X509) subject = decode(cert->der, NULL);
    g_autoptr(X509) above = decode(issuer->der, NULL);
    EVP_PKEY *pkey = above ? X509_get0_pubkey(above) : NULL;
    gboolean verifies = subject && pkey && X509_verify(subject, pkey) == 1;

    ERR_clear_error();
    return verifies;
}

char *
meishi_x509_to_pem(GPtrArray *certs)
{
    g_autoptr(BIO) bio = BIO_new(BIO_s_mem());
    const char *text = NULL;
    long len;

    for (guint i = 0; i < certs->len; i++) {
        const MeishiCert *cert = g_ptr_array_index(certs, i);

        BIO_printf(bio, "# %s\n", cert->subject_text);
        PEM_write_bio(bio, PEM_STRING_X509, "", g_bytes_get_data(cert->der, NULL),
                      (long)g_bytes_get_size(cert->der));
    }
    len = BIO_get_mem_data(bio, &text);
    return g_strndup(text, (gsize)len);
}
