/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reads names that the daemon wrote (RFC 4514 section 2): attributes apart at "," and "+", values
 * with backslash escapes.  For showing only; the daemon compares names as DER.
 */
#include "daemon/asking/distinguished.h"

#include <string.h>

/* The end of the attribute that begins at @p: an unescaped "," or "+", or the end of the text. */
static const char *
end_of_attribute(const char *p)
{
    for (; *p != '\0' && *p != ',' && *p != '+'; p++) {
        if (*p == '\\' && p[1] != '\0')
            p++;
    }
    return p;
}

/* "\2C" is a byte, "\," a character (section 2.4). */
static char *
unescape(const char *value, gsize len)
{
    GString *text = g_string_sized_new(len);

    for (gsize i = 0; i < len; i++) {
        if (value[i] != '\\' || i + 1 == len) {
            g_string_append_c(text, value[i]);
        } else if (i + 2 < len && g_ascii_isxdigit(value[i + 1]) &&
                   g_ascii_isxdigit(value[i + 2])) {
            g_string_append_c(text, (char)(g_ascii_xdigit_value(value[i + 1]) << 4 |
                                           g_ascii_xdigit_value(value[i + 2])));
            i += 2;
        } else {
            g_string_append_c(text, value[++i]);
        }
    }
    return g_string_free(text, FALSE);
}

char *
meishi_distinguished_find(const char *name, const char *type)
{
    gsize type_len = strlen(type);

    while (*name != '\0') {
        const char *end = end_of_attribute(name);

        if (g_ascii_strncasecmp(name, type, type_len) == 0 && name[type_len] == '=')
            return unescape(name + type_len + 1, (gsize)(end - name) - type_len - 1);
        name = *end != '\0' ? end + 1 : end;
    }
    return NULL;
}

char *
meishi_distinguished_short(const char *name)
{
    char *common = meishi_distinguished_find(name, "CN");

    return common != NULL ? common : g_strdup(name);
}
