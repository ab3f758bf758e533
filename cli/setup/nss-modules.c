/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Cuts pkcs11.txt into stanzas and leaves those of others as they are, byte for byte.
 */
#include "cli/setup/nss-modules.h"

#include "cli/setup/text-lines.h"

typedef struct {
    const char *start;
    const char *end; /* behind the empty line that ends it */
    char *library;   /* of ours; NULL where the stanza is another's */
} Stanza;

static void
stanza_clear(Stanza *stanza)
{
    g_clear_pointer(&stanza->library, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Stanza, stanza_clear)

static void
note_library(Stanza *stanza, const MeishiTextLine *line)
{
    g_autofree char *value = meishi_text_line_value(line, "library", '=');

    if (value == NULL || !meishi_text_is_our_module(value))
        return;
    g_free(stanza->library);
    stanza->library = g_steal_pointer(&value);
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
    }
    ret_stanza->end = line.next;
    return ret_stanza->end != text;
}

char **
meishi_nss_modules_find(const char *text)
{
    g_autoptr(GStrvBuilder) found = g_strv_builder_new();
    g_auto(Stanza) stanza = {.start = NULL};

    for (; read_stanza(text, &stanza); text = stanza.end) {
        if (stanza.library != NULL)
            g_strv_builder_add(found, stanza.library);
    }
    return g_strv_builder_end(found);
}

char *
meishi_nss_modules_remove(const char *text)
{
    GString *rest = g_string_new(NULL);
    g_auto(Stanza) stanza = {.start = NULL};

    for (; read_stanza(text, &stanza); text = stanza.end) {
        if (stanza.library == NULL)
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
