/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Whoever made a file chose the characters in it, and they end up in terminals, prompts and URIs.
 */
#include "daemon/crypto/text.h"

#include <openssl/objects.h>
#include <string.h>

/* Zero-width joiners belong to the spelling of several languages and are let through. */
gboolean
meishi_text_is_invisible(gunichar c)
{
    switch (g_unichar_type(c)) {
    case G_UNICODE_CONTROL:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
    case G_UNICODE_SURROGATE:
        return TRUE;
    case G_UNICODE_FORMAT:
        return c != 0x200c && c != 0x200d;
    default:
        return FALSE;
    }
}

char *
meishi_text_from_asn1(const ASN1_STRING *string)
{
    unsigned char *utf8 = NULL;
    int len = ASN1_STRING_to_UTF8(&utf8, string);
    char *copy = NULL;

    if (len >= 0 && g_utf8_validate_len((const char *)utf8, (gsize)len, NULL))
        copy = g_strndup((const char *)utf8, (gsize)len);
    OPENSSL_free(utf8);
    ERR_clear_error();
    return copy;
}

char *
meishi_text_clip(const char *text, gsize max)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    g_autoptr(GString) clean = g_string_new(NULL);

    for (const char *p = valid; *p; p = g_utf8_next_char(p)) {
        gsize width = (gsize)(g_utf8_next_char(p) - p);

        if (meishi_text_is_invisible(g_utf8_get_char(p)))
            continue;
        if (clean->len + width > max)
            break;
        g_string_append_len(clean, p, (gssize)width);
    }
    g_strstrip(clean->str);
    return *clean->str ? g_strdup(clean->str) : NULL;
}

char *
meishi_text_clip_asn1(const ASN1_STRING *string, gsize max)
{
    g_autofree char *utf8 = meishi_text_from_asn1(string);

    return utf8 ? meishi_text_clip(utf8, max) : NULL;
}

char *
meishi_text_oid(const ASN1_OBJECT *oid)
{
    char text[256];

    return OBJ_obj2txt(text, sizeof text, oid, 1) > 0 ? g_strdup(text) : NULL;
}
