/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A block between two comments at the end of the file.  "For each parameter, the first obtained
 * value will be used" (ssh_config(5)), so the end is where nobody's own settings are overridden;
 * "Match all" takes it out of whatever Host section the file ends with.
 */
#include "cli/setup/ssh-config.h"

#include "cli/setup/text-lines.h"

#include <string.h>

#define BEGIN    "# Meishi: begin (written by `meishi setup ssh`)"
#define ALL      "Match all"
#define PROVIDER "    PKCS11Provider "
#define END      "# Meishi: end"

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

static gboolean
is_provider(const MeishiTextLine *line)
{
    return line->len > strlen(PROVIDER) && memcmp(line->start, PROVIDER, strlen(PROVIDER)) == 0;
}

/* Behind the rest of a block whose first line ends before @text; NULL where it is not as we wrote
 * it, because what is in between may be a person's. */
static const char *
find_end(const char *text)
{
    MeishiTextLine all, provider, end;

    if (meishi_text_line_read(text, &all) && is_line(&all, ALL) &&
        meishi_text_line_read(all.next, &provider) && is_provider(&provider) &&
        meishi_text_line_read(provider.next, &end) && is_line(&end, END))
        return end.next;
    return NULL;
}

static char *
remove_once(const char *text)
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

/* What stood around a block may be one itself. */
char *
meishi_ssh_config_remove(const char *text)
{
    char *rest = remove_once(text);
    gsize before = strlen(text);

    while (strlen(rest) < before) {
        g_autofree char *last = rest;

        before = strlen(last);
        rest = remove_once(last);
    }
    return rest;
}

char *
meishi_ssh_config_add(const char *text, const char *module)
{
    g_autofree char *others = meishi_ssh_config_remove(text);
    GString *config = g_string_new(others);

    meishi_text_end_line(config);
    g_string_append_printf(config, BEGIN "\n" ALL "\n" PROVIDER "\"%s\"\n" END "\n", module);
    return g_string_free(config, FALSE);
}
