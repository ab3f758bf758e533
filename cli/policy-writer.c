/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Policy files from other policies; see policy-writer.h.  What was written is read again before
 * anybody gets it, so that no conversion makes a file that the daemon refuses.
 */
#include "cli/policy-writer.h"

#include "daemon/base/error.h"
#include "daemon/policy/lint.h"
#include "daemon/policy/rule-merge.h"

#include <string.h>

GString *
meishi_policy_writer_begin(const char *source)
{
    GString *out = g_string_new(NULL);

    g_string_append_printf(out,
                           "# Made by `meishi policy import`.\n\n[Policy]\nVersion=1\n"
                           "Description=From %s\n",
                           source);
    return out;
}

void
meishi_policy_writer_item(GString *out, const char *text)
{
    static const char plain[] = "\\;\n\r\t", escaped[] = "\\;nrt";

    for (; *text != '\0'; text++) {
        const char *found = strchr(plain, *text);

        if (found != NULL)
            g_string_append_c(out, '\\');
        g_string_append_c(out, found != NULL ? escaped[found - plain] : *text);
    }
}

char *
meishi_policy_writer_end(GString *out, GError **error)
{
    g_autofree char *text = g_string_free(out, FALSE);
    g_autoptr(GBytes) bytes = g_bytes_new_static(text, strlen(text));
    MeishiPolicySource source = {
        .layer = MEISHI_LAYER_ADMIN, .name = "result", .path = "result", .text = bytes};
    g_autoptr(GPtrArray) sources = g_ptr_array_new();
    g_autoptr(GPtrArray) lints = meishi_lint_list_new();
    g_autoptr(MeishiPolicySet) set = NULL;
    g_autofree char *why = NULL;

    g_ptr_array_add(sources, &source);
    set = meishi_rule_merge(sources, lints);
    if (set != NULL)
        return g_steal_pointer(&text);
    why = meishi_lint_to_text(meishi_lint_first_error(lints));
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_BAD_FILE,
                "It cannot be made into a policy file: %s.", why);
    return NULL;
}
