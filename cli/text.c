/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a terminal makes of a string, and how to keep a string from making something of the
 * terminal.  Knows nothing of colours or tables.
 */
#include "cli/text.h"

#include "cli/error.h"
#include "daemon/base/untrusted.h"

#include <string.h>

#define ELLIPSIS           "…"
#define MAX_CHARS_A_COLUMN 4 /* marks without width can be piled up over the lines around them */

char *
meishi_text_clean(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    GString *clean = g_string_sized_new(strlen(valid));

    for (const char *p = valid; *p != '\0'; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);

        if (meishi_untrusted_is_safe(c))
            g_string_append_unichar(clean, c);
        else
            g_string_append_printf(clean, "\\u%04X", c);
    }
    return g_string_free(clean, FALSE);
}

static guint
char_width(gunichar c)
{
    if (g_unichar_iszerowidth(c))
        return 0;
    return g_unichar_iswide(c) ? 2 : 1;
}

gboolean
meishi_text_check_label(const char *label, GError **error)
{
    if (g_utf8_validate(label, -1, NULL))
        return TRUE;
    g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_USAGE,
                "A label must be UTF-8 text, and this one is not. Is the terminal set to UTF-8?");
    return FALSE;
}

guint
meishi_text_width(const char *text)
{
    guint width = 0;

    for (const char *p = text; *p != '\0'; p = g_utf8_next_char(p))
        width += char_width(g_utf8_get_char(p));
    return width;
}

char *
meishi_text_ellipsize(const char *text, guint width)
{
    const char *end = text;
    glong max_chars = (glong)width * MAX_CHARS_A_COLUMN;
    guint used = 0;

    if (meishi_text_width(text) <= width && g_utf8_strlen(text, -1) <= max_chars)
        return g_strdup(text);
    for (glong n = 0; n < max_chars && used + char_width(g_utf8_get_char(end)) < width; n++) {
        used += char_width(g_utf8_get_char(end));
        end = g_utf8_next_char(end);
    }
    return g_strdup_printf("%.*s" ELLIPSIS, (int)(end - text), text);
}

static void
append_wrapped(GString *wrapped, const char *line, guint width, guint indent)
{
    g_auto(GStrv) words = g_strsplit(line, " ", -1);
    guint used = 0;

    for (char **word = words; *word != NULL; word++) {
        guint len = meishi_text_width(*word);

        if (word == words) {
            used = len;
        } else if (used + 1 + len <= width) {
            g_string_append_c(wrapped, ' ');
            used += 1 + len;
        } else {
            g_string_append_printf(wrapped, "\n%*s", (int)indent, "");
            used = len;
        }
        g_string_append(wrapped, *word);
    }
}

char *
meishi_text_wrap(const char *text, guint width, guint indent)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    GString *wrapped = g_string_new(NULL);

    for (char **line = lines; *line != NULL; line++) {
        if (line != lines)
            g_string_append_printf(wrapped, "\n%*s", **line != '\0' ? (int)indent : 0, "");
        append_wrapped(wrapped, *line, width, indent);
    }
    return g_string_free(wrapped, FALSE);
}
