/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Line by line, forgiving: what is not understood names no module.
 */
#include "cli/doctor/gather/outside-text.h"

#include <string.h>

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
