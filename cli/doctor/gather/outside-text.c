/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Line by line, forgiving: what is not understood names no module.
 */
#include "cli/doctor/gather/outside-text.h"

#include <string.h>

/* The value of the first line of @stanza that begins with @key ("name="); borrowed, or NULL. */
static const char *
find_value(char **lines, const char *key)
{
    for (; *lines != NULL; lines++) {
        if (g_str_has_prefix(*lines, key))
            return *lines + strlen(key);
    }
    return NULL;
}

/* Stanzas lie between empty lines. */
char **
meishi_outside_text_nss_modules(const char *text)
{
    g_auto(GStrv) stanzas = g_strsplit(text, "\n\n", -1);
    g_autoptr(GStrvBuilder) modules = g_strv_builder_new();

    for (char **stanza = stanzas; *stanza != NULL; stanza++) {
        g_auto(GStrv) lines = g_strsplit(*stanza, "\n", -1);
        const char *name = find_value(lines, "name=");
        const char *library = find_value(lines, "library=");

        if (name == NULL || library == NULL || library[0] == '\0')
            continue;
        g_strv_builder_add(modules, name);
        g_strv_builder_add(modules, library);
    }
    return g_strv_builder_end(modules);
}

/* The value of a line "NAME = value # comment"; new, or NULL. */
static char *
read_setting(const char *line, const char *name)
{
    const char *equals = strchr(line, '=');
    g_autofree char *key = equals != NULL ? g_strndup(line, (gsize)(equals - line)) : NULL;
    char *value;

    if (key == NULL || strcmp(g_strstrip(key), name) != 0)
        return NULL;
    value = g_strdup(equals + 1);
    value[strcspn(value, "#")] = '\0';
    return g_strstrip(value);
}

char **
meishi_outside_text_openssl_modules(const char *text)
{
    static const char *const names[] = {"MODULE_PATH", "pkcs11-module-path"};
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autoptr(GStrvBuilder) modules = g_strv_builder_new();

    for (char **line = lines; *line != NULL; line++) {
        for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
            g_autofree char *module = read_setting(*line, names[i]);

            if (module != NULL)
                g_strv_builder_add(modules, module);
        }
    }
    return g_strv_builder_end(modules);
}
