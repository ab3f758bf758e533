/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Lines of text; see text-lines.h.  Points into the text and changes nothing there.
 */
#include "cli/setup/text-lines.h"

#include <string.h>

#define MODULE_NAME "meishi-pkcs11.so"

gboolean
meishi_text_line_read(const char *text, MeishiTextLine *ret_line)
{
    if (*text == '\0')
        return FALSE;
    ret_line->start = text;
    ret_line->len = strcspn(text, "\n");
    ret_line->next = text + ret_line->len + (text[ret_line->len] == '\n');
    return TRUE;
}

char *
meishi_text_line_value(const MeishiTextLine *line, const char *key, char sign)
{
    g_autofree char *whole = g_strndup(line->start, line->len);
    char *middle = strchr(whole, sign);

    if (middle == NULL)
        return NULL;
    *middle = '\0';
    if (strcmp(g_strstrip(whole), key) != 0)
        return NULL;
    return g_strdup(g_strstrip(middle + 1));
}

void
meishi_text_end_line(GString *text)
{
    if (text->len > 0 && text->str[text->len - 1] != '\n')
        g_string_append_c(text, '\n');
}

gboolean
meishi_text_is_our_module(const char *path)
{
    g_autofree char *base = g_path_get_basename(path);

    return strcmp(base, MODULE_NAME) == 0;
}
