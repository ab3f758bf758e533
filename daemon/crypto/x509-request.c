/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The DER that a server's CertificateRequest carries: names of authorities and the values of
 * oid_filters.  It comes from whoever the client connected to, so everything is bounded, and what
 * stands behind the end of a value makes it unreadable.
 */
#include "daemon/crypto/crypto.h"

#include "daemon/crypto/dn.h"
#include "daemon/crypto/text.h"

#include <openssl/objects.h>
#include <string.h>

#define OID_KEY_USAGE "2.5.29.15"
#define OID_EKU       "2.5.29.37"
#define OID_ANY_EKU   "2.5.29.37.0"
#define MAX_EKUS      64

G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509_NAME, X509_NAME_free)

static gpointer
fail(GError **error, const char *what)
{
    meishi_ossl_set_error(error, MEISHI_ERROR_BAD_FILE, what);
    return NULL;
}

MeishiName *
meishi_x509_parse_name(GBytes *der, GError **error)
{
    gsize len;
    const unsigned char *start = g_bytes_get_data(der, &len), *p = start;
    g_autoptr(X509_NAME) name = len > 0 ? d2i_X509_NAME(NULL, &p, (long)len) : NULL;

    if (name == NULL)
        return fail(error, "This is not a distinguished name, or it is damaged");
    if (p != start + len)
        return fail(error, "There are bytes behind the end of the distinguished name");
    if (X509_NAME_entry_count(name) > MEISHI_NAME_MAX_ATTRIBUTES)
        return fail(error, "The distinguished name has more than 64 attributes");
    return meishi_dn_read(name, der);
}

/* ---- oid_filters, RFC 9846 "OID Filters" ------------------------------------------------------
 */

/* RFC 5280 4.2.1.3. */
static gboolean
read_key_usage(MeishiOidFilter *filter, const unsigned char *start, gsize len)
{
    const unsigned char *p = start;
    g_autoptr(ASN1_BIT_STRING) usage = d2i_ASN1_BIT_STRING(NULL, &p, (long)len);

    if (usage == NULL || p != start + len)
        return FALSE;
    for (int bit = 0; bit <= 8; bit++) {
        if (ASN1_BIT_STRING_get_bit(usage, bit))
            filter->key_usage |= 1u << bit;
    }
    return TRUE;
}

/* RFC 5280 4.2.1.12.  anyExtendedKeyUsage MUST NOT stand in a filter: it is as if it did not. */
static gboolean
read_ekus(MeishiOidFilter *filter, const unsigned char *start, gsize len)
{
    const unsigned char *p = start;
    g_autoptr(EXTENDED_KEY_USAGE) usage = d2i_EXTENDED_KEY_USAGE(NULL, &p, (long)len);
    g_autoptr(GPtrArray) oids = g_ptr_array_new_with_free_func(g_free);

    if (usage == NULL || p != start + len || sk_ASN1_OBJECT_num(usage) > MAX_EKUS)
        return FALSE;
    for (int i = 0; i < sk_ASN1_OBJECT_num(usage); i++) {
        g_autofree char *oid = meishi_text_oid(sk_ASN1_OBJECT_value(usage, i));

        if (oid == NULL)
            return FALSE;
        if (strcmp(oid, OID_ANY_EKU) != 0)
            g_ptr_array_add(oids, g_steal_pointer(&oid));
    }
    g_ptr_array_add(oids, NULL);
    filter->ekus = (char **)g_ptr_array_steal(oids, NULL);
    return TRUE;
}

MeishiOidFilter *
meishi_x509_parse_oid_filter(const char *oid, GBytes *values)
{
    MeishiOidFilter *filter = meishi_oid_filter_new(oid);
    gsize len;
    const unsigned char *data = g_bytes_get_data(values, &len);

    if (len > 0 && strcmp(oid, OID_KEY_USAGE) == 0)
        filter->known = read_key_usage(filter, data, len);
    else if (len > 0 && strcmp(oid, OID_EKU) == 0)
        filter->known = read_ekus(filter, data, len);
    ERR_clear_error();
    return filter;
}
