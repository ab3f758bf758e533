/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Extensions (RFC 5280 4.2).  Those that decide what a certificate may do (key usage, extended key
 * usage, basic constraints) must be readable and single; those that only help to find it (key
 * identifiers, names, policies) are left out when they are not.
 */
#include "daemon/crypto/x509-extensions.h"

#include "daemon/crypto/text.h"
#include "daemon/crypto/x509-names.h"

#include <openssl/objects.h>

static gboolean
fail(GError **error, const char *what)
{
    meishi_ossl_set_error(error, MEISHI_ERROR_BAD_FILE, what);
    return FALSE;
}

/* The decoded extension, or NULL; FALSE where it is there twice or malformed (RFC 5280 4.2). */
static gboolean
read_extension(X509 *x509, int nid, gpointer ret)
{
    int state = -1;

    *(gpointer *)ret = X509_get_ext_d2i(x509, nid, &state, NULL);
    if (*(gpointer *)ret)
        return TRUE;
    ERR_clear_error();
    return state == -1;
}

static gboolean
fill_key_usage(X509 *x509, MeishiCert *cert, GError **error)
{
    g_autoptr(ASN1_BIT_STRING) usage = NULL;

    if (!read_extension(x509, NID_key_usage, &usage))
        return fail(error, "The certificate's keyUsage extension is malformed");
    cert->has_key_usage = usage != NULL;
    for (int bit = 0; usage && bit <= 8; bit++) {
        if (ASN1_BIT_STRING_get_bit(usage, bit))
            cert->key_usage |= 1u << bit;
    }
    return TRUE;
}

static gboolean
fill_ekus(X509 *x509, MeishiCert *cert, GError **error)
{
    g_autoptr(EXTENDED_KEY_USAGE) usage = NULL;
    g_autoptr(GPtrArray) oids = g_ptr_array_new_with_free_func(g_free);

    if (!read_extension(x509, NID_ext_key_usage, &usage))
        return fail(error, "The certificate's extendedKeyUsage extension is malformed");
    if (!usage)
        return TRUE;
    for (int i = 0; i < sk_ASN1_OBJECT_num(usage); i++) {
        char *oid = meishi_text_oid(sk_ASN1_OBJECT_value(usage, i));

        if (oid)
            g_ptr_array_add(oids, oid);
    }
    g_ptr_array_add(oids, NULL);
    cert->ekus = (char **)g_ptr_array_steal(oids, NULL);
    return TRUE;
}

static gboolean
fill_constraints(X509 *x509, MeishiCert *cert, GError **error)
{
    g_autoptr(BASIC_CONSTRAINTS) constraints = NULL;

    if (!read_extension(x509, NID_basic_constraints, &constraints))
        return fail(error, "The certificate's basicConstraints extension is malformed");
    cert->is_ca = constraints && constraints->ca;
    return TRUE;
}

/* RFC 5280 4.2.1.4; a list that cannot be read names no policy. */
static char **
read_policies(X509 *x509)
{
    g_autoptr(CERTIFICATEPOLICIES) policies = NULL;
    g_autoptr(GPtrArray) oids = g_ptr_array_new_with_free_func(g_free);

    if (!read_extension(x509, NID_certificate_policies, &policies) || !policies)
        return NULL;
    for (int i = 0; i < sk_POLICYINFO_num(policies); i++) {
        char *oid = meishi_text_oid(sk_POLICYINFO_value(policies, i)->policyid);

        if (oid)
            g_ptr_array_add(oids, oid);
    }
    g_ptr_array_add(oids, NULL);
    return (char **)g_ptr_array_steal(oids, NULL);
}

static void
fill_hints(X509 *x509, MeishiCert *cert)
{
    g_autoptr(ASN1_OCTET_STRING) subject_key = NULL;
    g_autoptr(AUTHORITY_KEYID) authority = NULL;
    g_autoptr(GENERAL_NAMES) names = NULL;

    if (read_extension(x509, NID_subject_key_identifier, &subject_key))
        cert->subject_key_id = meishi_ossl_copy_string(subject_key);
    if (read_extension(x509, NID_authority_key_identifier, &authority) && authority)
        cert->authority_key_id = meishi_ossl_copy_string(authority->keyid);
    if (read_extension(x509, NID_subject_alt_name, &names) && names)
        cert->sans = meishi_x509_names(names);
    cert->policies = read_policies(x509);
}

gboolean
meishi_x509_extensions_read(X509 *x509, MeishiCert *cert, GError **error)
{
    fill_hints(x509, cert);
    return fill_key_usage(x509, cert, error) && fill_ekus(x509, cert, error) &&
           fill_constraints(x509, cert, error);
}
