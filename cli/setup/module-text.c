/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One line of a .module file is ours to change, "module:"; whatever else a person has put there
 * (enable-in, x-init-reserved) stays.
 */
#include "cli/setup/module-text.h"

#include "cli/setup/text-lines.h"

/* As data/p11-kit/meishi.module has it; see there for the priority. */
#define NEW_FILE                                                          \
    "# Written by `meishi setup`; `meishi setup --undo` takes it away.\n" \
    "module: %s\n"                                                        \
    "priority: 10\n"                                                      \
    "trust-policy: no\n"

char *
meishi_module_text_set(const char *text, const char *module)
{
    GString *result = g_string_new(NULL);
    gboolean is_set = FALSE;
    MeishiTextLine line = {.next = text};

    if (text[0] == '\0') {
        g_string_append_printf(result, NEW_FILE, module);
        return g_string_free(result, FALSE);
    }
    while (meishi_text_line_read(line.next, &line)) {
        g_autofree char *value = meishi_text_line_value(&line, "module", ':');

        if (value != NULL)
            g_string_append_printf(result, "module: %s\n", module);
        else
            g_string_append_len(result, line.start, line.next - line.start);
        is_set |= value != NULL;
    }
    meishi_text_end_line(result);
    if (!is_set)
        g_string_append_printf(result, "module: %s\n", module);
    return g_string_free(result, FALSE);
}
