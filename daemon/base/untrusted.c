/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What certificates, servers and programs call themselves is chosen by whoever made them.  Nothing
 * of it may look like words of ours: no second line, no reordering, no invisible part.
 */
#include "daemon/base/untrusted.h"

#include <string.h>

#define MAX_LINE              80
#define MAX_HOST              (MAX_LINE - 6) /* ":65535" */
#define MAX_FULL              4096
#define ZERO_WIDTH_NON_JOINER 0x200c
#define ZERO_WIDTH_JOINER     0x200d
#define REPLACEMENT           0xfffd
#define FIRST_STRONG_ISOLATE  "\u2068"
#define POP_ISOLATE           "\u2069"

gboolean
meishi_untrusted_is_safe(gunichar c)
{
    switch (g_unichar_type(c)) {
    case G_UNICODE_CONTROL:
    case G_UNICODE_SURROGATE:
    case G_UNICODE_PRIVATE_USE:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
        return FALSE;
    case G_UNICODE_FORMAT:
        return c == ZERO_WIDTH_JOINER || c == ZERO_WIDTH_NON_JOINER;
    default:
        return TRUE;
    }
}

static char *
clean(const char *text, guint max)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    GString *out = g_string_new(NULL);
    guint n = 0;

    for (const char *p = valid; *p != '\0'; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);

        if (n++ == max) {
            g_string_append(out, "…");
            break;
        }
        g_string_append_unichar(out, meishi_untrusted_is_safe(c) ? c : REPLACEMENT);
    }
    return g_string_free(out, FALSE);
}

char *
meishi_untrusted_line(const char *text)
{
    return clean(text, MAX_LINE);
}

char *
meishi_untrusted_host(const char *host)
{
    g_autofree char *all = clean(host, MAX_FULL);
    glong n = g_utf8_strlen(all, -1);

    if (n <= MAX_HOST)
        return g_steal_pointer(&all);
    return g_strconcat("…", g_utf8_offset_to_pointer(all, n - MAX_HOST + 1), NULL);
}

char *
meishi_untrusted_full(const char *text)
{
    return clean(text, MAX_FULL);
}

char *
meishi_untrusted_isolated(const char *text)
{
    g_autofree char *line = meishi_untrusted_line(text);

    return line[0] != '\0' ? g_strconcat(FIRST_STRONG_ISOLATE, line, POP_ISOLATE, NULL)
                           : g_strdup("");
}

char *
meishi_untrusted_spoken(const char *text)
{
    GString *out = g_string_new(text);

    g_string_replace(out, FIRST_STRONG_ISOLATE, "", 0);
    g_string_replace(out, POP_ISOLATE, "", 0);
    return g_string_free(out, FALSE);
}
