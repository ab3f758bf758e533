/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The forms of subjectAltName by which a person or a rule may know a client certificate.
 */
#include "daemon/crypto/x509-names.h"

#include "daemon/crypto/text.h"

#include <openssl/objects.h>

#define NAME_MAX_BYTES 1024

static char *
format_ip(const ASN1_OCTET_STRING *ip)
{
    const guint8 *b = ASN1_STRING_get0_data(ip);
    GString *text;

    if (ASN1_STRING_length(ip) == 4)
        return g_strdup_printf("ip:%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
    if (ASN1_STRING_length(ip) != 16)
        return NULL;
    text = g_string_new("ip:");
    for (int i = 0; i < 16; i += 2)
        g_string_append_printf(text, "%s%x", i ? ":" : "", (guint)(b[i] << 8 | b[i + 1]));
    return g_string_free(text, FALSE);
}

static char *
format_string(const char *kind, const ASN1_STRING *string)
{
    g_autofree char *clean = meishi_text_clip_asn1(string, NAME_MAX_BYTES);

    return clean ? g_strdup_printf("%s:%s", kind, clean) : NULL;
}

/* Microsoft's user principal name, 1.3.6.1.4.1.311.20.2.3: a UTF8String. */
static char *
format_other(const OTHERNAME *other)
{
    if (OBJ_obj2nid(other->type_id) != NID_ms_upn || other->value->type != V_ASN1_UTF8STRING)
        return NULL;
    return format_string("upn", other->value->value.utf8string);
}

static char *
format_name(const GENERAL_NAME *name)
{
    switch (name->type) {
    case GEN_DNS:
        return format_string("dns", name->d.dNSName);
    case GEN_EMAIL:
        return format_string("email", name->d.rfc822Name);
    case GEN_URI:
        return format_string("uri", name->d.uniformResourceIdentifier);
    case GEN_IPADD:
        return format_ip(name->d.iPAddress);
    case GEN_OTHERNAME:
        return format_other(name->d.otherName);
    default:
        return NULL;
    }
}

char **
meishi_x509_names(const GENERAL_NAMES *names)
{
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);

    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        char *text = format_name(sk_GENERAL_NAME_value(names, i));

        if (text)
            g_ptr_array_add(texts, text);
    }
    g_ptr_array_add(texts, NULL);
    return (char **)g_ptr_array_steal(texts, NULL);
}
