/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A block between two comments at the end of the file.  "For each parameter, the first obtained
 * value will be used" (ssh_config(5)), so the end is where nobody's own settings are overridden;
 * "Match all" takes it out of whatever Host section the file ends with.
 */
#include "cli/setup/ssh-config.h"

#include "cli/setup/text-lines.h"

#include <string.h>

#define BEGIN "# Meishi: begin (written by `meishi setup ssh`)"
#define END   "# Meishi: end"

/* Keyword and argument: "keyword arguments" or "keyword=arguments", in any case, quoted or not. */
static gboolean
split_line(const MeishiTextLine *line, char **ret_keyword, char **ret_argument)
{
    g_autofree char *whole = g_strndup(line->start, line->len);
    char *keyword = g_strstrip(whole);
    gsize len = strcspn(keyword, " \t=");
    const char *argument = keyword + len + strspn(keyword + len, " \t=");
    gsize end = strlen(argument);

    if (len == 0 || keyword[0] == '#')
        return FALSE;
    if (argument[0] == '"' && end > 1 && argument[end - 1] == '"') {
        argument++;
        end -= 2;
    }
    *ret_keyword = g_ascii_strdown(keyword, (gssize)len);
    *ret_argument = g_strndup(argument, end);
    return TRUE;
}

typedef struct {
    gboolean is_for_all;
    char *module;
} Found;

static void
take_line(Found *found, const char *keyword, const char *argument)
{
    if (strcmp(keyword, "host") == 0)
        found->is_for_all = strcmp(argument, "*") == 0;
    else if (strcmp(keyword, "match") == 0)
        found->is_for_all = g_ascii_strcasecmp(argument, "all") == 0;
    else if (strcmp(keyword, "pkcs11provider") == 0 && found->is_for_all && found->module == NULL &&
             meishi_text_is_our_module(argument))
        found->module = g_strdup(argument);
}

char *
meishi_ssh_config_find(const char *text)
{
    Found found = {.is_for_all = TRUE};
    MeishiTextLine line = {.next = text};

    while (meishi_text_line_read(line.next, &line)) {
        g_autofree char *keyword = NULL, *argument = NULL;

        if (split_line(&line, &keyword, &argument))
            take_line(&found, keyword, argument);
    }
    return found.module;
}

static gboolean
is_line(const MeishiTextLine *line, const char *wanted)
{
    return line->len == strlen(wanted) && memcmp(line->start, wanted, line->len) == 0;
}

/* A block without an end is none: what follows may be a person's. */
static const char *
find_end(const char *text)
{
    MeishiTextLine line = {.next = text};

    while (meishi_text_line_read(line.next, &line)) {
        if (is_line(&line, END))
            return line.next;
    }
    return NULL;
}

char *
meishi_ssh_config_remove(const char *text)
{
    GString *rest = g_string_new(NULL);
    MeishiTextLine line = {.next = text};

    while (meishi_text_line_read(line.next, &line)) {
        const char *end = is_line(&line, BEGIN) ? find_end(line.next) : NULL;

        if (end == NULL)
            g_string_append_len(rest, line.start, line.next - line.start);
        else
            line.next = end;
    }
    return g_string_free(rest, FALSE);
}

char *
meishi_ssh_config_add(const char *text, const char *module)
{
    g_autofree char *others = meishi_ssh_config_remove(text);
    GString *config = g_string_new(others);

    meishi_text_end_line(config);
    g_string_append_printf(config, BEGIN "\nMatch all\n    PKCS11Provider \"%s\"\n" END "\n",
                           module);
    return g_string_free(config, FALSE);
}
