/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What modules say is outside text: it is cleaned where it is shown.
 */
#include "cli/modules.h"

#include "cli/text.h"
#include "daemon/asking/dict.h"

#include <string.h>

static char *
describe_next_try(gint64 next_try, gint64 now)
{
    gint64 seconds = MAX(next_try - now, 1);

    if (next_try == 0)
        return g_strdup("It is being started anew.");
    if (seconds < 60)
        return g_strdup_printf("The next try is in %u second%s.", (guint)seconds,
                               seconds == 1 ? "" : "s");
    return g_strdup_printf("The next try is in %u minutes.", (guint)((seconds + 59) / 60));
}

char *
meishi_modules_trouble(GVariant *module, gint64 now)
{
    const char *trouble = meishi_dict_text(module, "trouble");
    g_autofree char *name = meishi_text_clean(meishi_dict_text(module, "name"));
    g_autofree char *next = describe_next_try(meishi_dict_number(module, "next-try"), now);
    g_autofree char *clean = meishi_text_clean(trouble);

    if (trouble[0] == '\0')
        return NULL;
    if (strcmp(meishi_dict_text(module, "state"), "running") == 0)
        return g_strdup_printf("The module “%s” was in trouble: %s It runs again.", name, clean);
    return g_strdup_printf("The module “%s” does not run: %s %s", name, clean, next);
}

void
meishi_modules_print_troubles(GVariant *modules, const char *const *remarks)
{
    for (gsize i = 0; i < g_variant_n_children(modules); i++) {
        g_autoptr(GVariant) module = g_variant_get_child_value(modules, i);
        g_autofree char *text = meishi_modules_trouble(module, g_get_real_time() / G_USEC_PER_SEC);

        if (text != NULL)
            g_printerr("%s\n", text);
    }
    for (; *remarks != NULL; remarks++) {
        g_autofree char *clean = meishi_text_clean(*remarks);

        g_printerr("%s\n", clean);
    }
}
