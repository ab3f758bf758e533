/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Distinguished names and free text from files.  Whoever made the file chose these characters, and
 * they end up in terminals, prompts and URIs: nothing that moves a cursor or turns the reading
 * direction gets out of here unescaped (RFC 4514 2.4 allows any character as hex pairs).
 */
#include "daemon/crypto/name.h"

#include <string.h>

#define COMMON_NAME_MAX 255

/* Zero-width joiners belong to the spelling of several languages. */
static gboolean
is_invisible(gunichar c)
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
meishi_name_clean(const char *text, gsize len, gsize max)
{
    g_autofree char *valid = g_utf8_make_valid(text, (gssize)len);
    g_autoptr(GString) clean = g_string_new(NULL);

    for (const char *p = valid; *p; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        gsize width = (gsize)(g_utf8_next_char(p) - p);

        if (is_invisible(c))
            continue;
        if (clean->len + width > max)
            break;
        g_string_append_len(clean, p, (gssize)width);
    }
    g_strstrip(clean->str);
    return *clean->str ? g_strdup(clean->str) : NULL;
}

/* Zero bytes are allowed here, and escaped later. */
static gboolean
is_utf8(const char *text, gsize len)
{
    const char *end = text + len;

    while (!g_utf8_validate(text, end - text, &text)) {
        if (text == end || *text)
            return FALSE;
        text++;
    }
    return TRUE;
}

/* OpenSSL converts every string type; NULL for types without characters and for broken ones. */
static char *
dup_utf8(const ASN1_STRING *string, gsize *ret_len)
{
    unsigned char *utf8 = NULL;
    int len = ASN1_STRING_to_UTF8(&utf8, string);
    char *copy = NULL;

    if (len < 0) {
        ERR_clear_error();
        return NULL;
    }
    if (is_utf8((const char *)utf8, (gsize)len)) {
        copy = g_malloc0((gsize)len + 1);
        memcpy(copy, utf8, (gsize)len);
    }
    OPENSSL_free(utf8);
    *ret_len = (gsize)len;
    return copy;
}

char *
meishi_name_clean_string(const ASN1_STRING *string, gsize max)
{
    gsize len = 0;
    g_autofree char *utf8 = dup_utf8(string, &len);

    return utf8 ? meishi_name_clean(utf8, strlen(utf8), max) : NULL;
}

static void
append_hex(GString *text, const char *bytes, gsize len)
{
    for (gsize i = 0; i < len; i++)
        g_string_append_printf(text, "\\%02X", (guchar)bytes[i]);
}

/* RFC 4514 2.4: what needs a backslash, and where. */
static gboolean
is_special(const char *value, gsize len, gsize i)
{
    if (strchr("\"+,;<>\\", value[i]))
        return TRUE;
    if (i == 0 && (value[i] == '#' || value[i] == ' '))
        return TRUE;
    return i == len - 1 && value[i] == ' ';
}

static void
append_escaped(GString *text, const char *value, gsize len)
{
    gsize i = 0;

    while (i < len) {
        gsize width = value[i] ? (gsize)(g_utf8_next_char(value + i) - (value + i)) : 1;

        if (!value[i] || is_invisible(g_utf8_get_char(value + i)))
            append_hex(text, value + i, width);
        else if (width == 1 && is_special(value, len, i))
            g_string_append_printf(text, "\\%c", value[i]);
        else
            g_string_append_len(text, value + i, (gssize)width);
        i += width;
    }
}

/* RFC 4514 2.4, first paragraph: '#' and the DER of a value that has no string form. */
static void
append_dump(GString *text, const ASN1_STRING *value)
{
    unsigned char *der = NULL;
    int len = i2d_ASN1_PRINTABLE(value, &der);

    g_string_append_c(text, '#');
    for (int i = 0; i < len; i++)
        g_string_append_printf(text, "%02x", der[i]);
    OPENSSL_free(der);
}

static void
append_entry(GString *text, const X509_NAME_ENTRY *entry)
{
    const ASN1_OBJECT *type = X509_NAME_ENTRY_get_object(entry);
    const ASN1_STRING *value = X509_NAME_ENTRY_get_data(entry);
    int nid = OBJ_obj2nid(type);
    g_autofree char *utf8 = NULL;
    char oid[128];
    gsize len = 0;

    if (nid != NID_undef)
        utf8 = dup_utf8(value, &len);
    if (nid == NID_undef && OBJ_obj2txt(oid, sizeof oid, type, 1) <= 0)
        g_strlcpy(oid, "0.0", sizeof oid);
    g_string_append_printf(text, "%s=", nid != NID_undef ? OBJ_nid2sn(nid) : oid);
    if (utf8)
        append_escaped(text, utf8, len);
    else
        append_dump(text, value);
}

char *
meishi_name_to_text(const X509_NAME *name)
{
    g_autoptr(GString) text = g_string_new(NULL);
    int above = -1;

    for (int i = X509_NAME_entry_count(name) - 1; i >= 0; i--) {
        const X509_NAME_ENTRY *entry = X509_NAME_get_entry(name, i);
        int set = X509_NAME_ENTRY_set(entry);

        if (text->len)
            g_string_append_c(text, set == above ? '+' : ',');
        append_entry(text, entry);
        above = set;
    }
    ERR_clear_error();
    return g_string_free(g_steal_pointer(&text), FALSE);
}

char *
meishi_name_common_name(const X509_NAME *name)
{
    int last = -1;

    for (int i = -1; (i = X509_NAME_get_index_by_NID(name, NID_commonName, i)) >= 0;)
        last = i;
    if (last < 0)
        return NULL;
    return meishi_name_clean_string(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, last)),
                                    COMMON_NAME_MAX);
}
