/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Cuts pkcs11.txt into stanzas and leaves those of others as they are, byte for byte.
 */
#include "cli/setup/nss-modules.h"

#include "cli/setup/text-lines.h"

typedef struct {
    const char *start;
    const char *end; /* behind the empty line that ends it */
    char *name;      /* NULL where no line says it, like the next */
    char *path;      /* of the library */
} Stanza;

static void
stanza_clear(Stanza *stanza)
{
    g_clear_pointer(&stanza->name, g_free);
    g_clear_pointer(&stanza->path, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Stanza, stanza_clear)

/* One of our libraries comes before those of others, wherever in the stanza it is. */
static void
note_library(Stanza *stanza, const MeishiTextLine *line)
{
    g_autofree char *value = meishi_text_line_value(line, "library", '=');

    if (value == NULL || (stanza->path != NULL && !meishi_text_is_our_module(value)))
        return;
    g_free(stanza->path);
    stanza->path = g_steal_pointer(&value);
}

/* The stanza at @text; FALSE at the end. */
static gboolean
read_stanza(const char *text, Stanza *ret_stanza)
{
    MeishiTextLine line = {.next = text};

    stanza_clear(ret_stanza);
    ret_stanza->start = text;
    while (meishi_text_line_read(line.next, &line)) {
        if (line.len == 0)
            break;
        note_library(ret_stanza, &line);
        if (ret_stanza->name == NULL)
            ret_stanza->name = meishi_text_line_value(&line, "name", '=');
    }
    ret_stanza->end = line.next;
    return ret_stanza->end != text;
}

static gboolean
is_ours(const Stanza *stanza)
{
    return stanza->path != NULL && meishi_text_is_our_module(stanza->path);
}

char **
meishi_nss_modules_list(const char *text)
{
    g_autoptr(GStrvBuilder) modules = g_strv_builder_new();
    g_auto(Stanza) stanza = {.start = NULL};

    for (; read_stanza(text, &stanza); text = stanza.end) {
        if (stanza.name == NULL || stanza.path == NULL || stanza.path[0] == '\0')
            continue;
        g_strv_builder_add(modules, stanza.name);
        g_strv_builder_add(modules, stanza.path);
    }
    return g_strv_builder_end(modules);
}

char **
meishi_nss_modules_find(const char *text)
{
    g_autoptr(GStrvBuilder) found = g_strv_builder_new();
    g_auto(Stanza) stanza = {.start = NULL};

    for (; read_stanza(text, &stanza); text = stanza.end) {
        if (is_ours(&stanza))
            g_strv_builder_add(found, stanza.path);
    }
    return g_strv_builder_end(found);
}

char *
meishi_nss_modules_remove(const char *text)
{
    GString *rest = g_string_new(NULL);
    g_auto(Stanza) stanza = {.start = NULL};

    for (; read_stanza(text, &stanza); text = stanza.end) {
        if (!is_ours(&stanza))
            g_string_append_len(rest, stanza.start, stanza.end - stanza.start);
    }
    return g_string_free(rest, FALSE);
}

char *
meishi_nss_modules_add(const char *text, const char *module)
{
    g_autofree char *others = meishi_nss_modules_remove(text);
    GString *list = g_string_new(others);

    meishi_text_end_line(list);
    if (list->len > 0 && !g_str_has_suffix(list->str, "\n\n"))
        g_string_append_c(list, '\n');
    g_string_append_printf(list, "library=%s\nname=Meishi\n\n", module);
    return g_string_free(list, FALSE);
}
