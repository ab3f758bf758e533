/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Makes a MeishiName from what OpenSSL has decoded.  A value that is no text, or hides a zero byte
 * in it, becomes '#' and the hex digits of its DER (RFC 4514 2.4), so that "good\0.evil" never
 * compares or reads as "good".
 */
#include "daemon/crypto/dn.h"

#include "daemon/crypto/text.h"

#include <openssl/objects.h>

#define OID_COMMON_NAME "2.5.4.3"
#define COMMON_NAME_MAX 255

static char *
dump_value(const ASN1_STRING *value)
{
    GString *text = g_string_new("#");
    unsigned char *der = NULL;
    int len = i2d_ASN1_PRINTABLE(value, &der);

    for (int i = 0; i < len; i++)
        g_string_append_printf(text, "%02x", der[i]);
    OPENSSL_free(der);
    return g_string_free(text, FALSE);
}

static void
add_entry(MeishiName *name, const X509_NAME_ENTRY *entry)
{
    const ASN1_STRING *value = X509_NAME_ENTRY_get_data(entry);
    g_autofree char *text = meishi_text_from_asn1(value);
    char oid[256];

    if (OBJ_obj2txt(oid, sizeof oid, X509_NAME_ENTRY_get_object(entry), 1) <= 0)
        return;
    if (!text)
        text = dump_value(value);
    meishi_name_add(name, (guint)X509_NAME_ENTRY_set(entry), oid, text);
}

MeishiName *
meishi_dn_read(const X509_NAME *x509_name, GBytes *der)
{
    MeishiName *name = meishi_name_new(der);

    for (int i = 0; i < X509_NAME_entry_count(x509_name); i++)
        add_entry(name, X509_NAME_get_entry(x509_name, i));
    meishi_name_end(name);
    ERR_clear_error();
    return name;
}

/* What meishi_name_to_text() leaves as it is: everything above ASCII. */
char *
meishi_dn_to_text(const MeishiName *name)
{
    g_autofree char *text = meishi_name_to_text(name);
    GString *safe = g_string_new(NULL);

    for (const char *p = text; *p; p = g_utf8_next_char(p)) {
        const char *end = g_utf8_next_char(p);

        if (!meishi_text_is_invisible(g_utf8_get_char(p))) {
            g_string_append_len(safe, p, end - p);
            continue;
        }
        for (const char *byte = p; byte < end; byte++)
            g_string_append_printf(safe, "\\%02X", (guchar)*byte);
    }
    return g_string_free(safe, FALSE);
}

char *
meishi_dn_common_name(const MeishiName *name)
{
    const MeishiNameAttribute *attribute = meishi_name_find(name, OID_COMMON_NAME);

    return attribute ? meishi_text_clip(attribute->value, COMMON_NAME_MAX) : NULL;
}
