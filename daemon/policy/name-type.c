/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Attribute types of names; see name-type.h.  The nine keywords of RFC 4514 section 3 come first,
 * then those that OpenSSL and GnuTLS print and people therefore copy.
 */
#include "daemon/policy/name-type.h"

#include "daemon/policy/name.h"

#include <string.h>

static const struct {
    const char *keyword;
    const char *oid;
} types[] = {
    {"CN", "2.5.4.3"},
    {"L", "2.5.4.7"},
    {"ST", "2.5.4.8"},
    {"O", "2.5.4.10"},
    {"OU", "2.5.4.11"},
    {"C", "2.5.4.6"},
    {"STREET", "2.5.4.9"},
    {"DC", "0.9.2342.19200300.100.1.25"},
    {"UID", "0.9.2342.19200300.100.1.1"},
    {"emailAddress", "1.2.840.113549.1.9.1"},
    {"EMAIL", "1.2.840.113549.1.9.1"},
    {"E", "1.2.840.113549.1.9.1"},
    {"serialNumber", "2.5.4.5"},
    {"SN", "2.5.4.4"},
    {"surname", "2.5.4.4"},
    {"GN", "2.5.4.42"},
    {"givenName", "2.5.4.42"},
    {"title", "2.5.4.12"},
    {"dnQualifier", "2.5.4.46"},
    {"pseudonym", "2.5.4.65"},
    {"organizationIdentifier", "2.5.4.97"},
};

const char *
meishi_name_keyword_oid(const char *keyword)
{
    for (gsize i = 0; i < G_N_ELEMENTS(types); i++) {
        if (g_ascii_strcasecmp(types[i].keyword, keyword) == 0)
            return types[i].oid;
    }
    return NULL;
}

const char *
meishi_name_type_keyword(const char *oid)
{
    for (gsize i = 0; i < G_N_ELEMENTS(types); i++) {
        if (strcmp(types[i].oid, oid) == 0)
            return types[i].keyword;
    }
    return oid;
}

/* One arc; returns what follows it, or NULL. */
static const char *
skip_arc(const char *p)
{
    const char *start = p;

    while (g_ascii_isdigit(*p))
        p++;
    if (p == start || p - start > 20 || (*start == '0' && p - start > 1))
        return NULL;
    return p;
}

gboolean
meishi_name_type_is_oid(const char *text)
{
    const char *p = text;
    guint arcs = 0;

    if (strlen(text) > 128 || *text < '0' || *text > '2' || text[1] != '.')
        return FALSE;
    while ((p = skip_arc(p)) != NULL) {
        arcs++;
        if (*p == '\0')
            return arcs >= 2;
        if (*p++ != '.')
            return FALSE;
    }
    return FALSE;
}

gboolean
meishi_name_type_is_hex(const char *text)
{
    gsize n = strspn(text, "0123456789abcdefABCDEF");

    return n > 0 && n % 2 == 0 && text[n] == '\0';
}
