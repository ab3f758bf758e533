/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Showing what is wrong with policy files; see policy-remarks.h.
 */
#include "cli/policy-remarks.h"

#include "cli/json.h"
#include "cli/style.h"
#include "cli/text.h"

#include <unistd.h>

const char *
meishi_policy_remarks_severity(MeishiSeverity severity)
{
    return severity == MEISHI_LINT_ERROR ? "error" : "warning";
}

guint
meishi_policy_remarks_count(GPtrArray *lints, MeishiSeverity severity)
{
    guint n = 0;

    for (guint i = 0; i < lints->len; i++)
        n += ((const MeishiLint *)g_ptr_array_index(lints, i))->severity == severity;
    return n;
}

void
meishi_policy_remarks_print(GPtrArray *lints, int fd)
{
    void (*print)(const char *format, ...) = fd == STDOUT_FILENO ? g_print : g_printerr;

    for (guint i = 0; i < lints->len; i++) {
        const MeishiLint *lint = g_ptr_array_index(lints, i);
        g_autofree char *text = meishi_lint_to_text(lint);
        g_autofree char *clean = meishi_text_clean(text);
        MeishiStyle style =
            lint->severity == MEISHI_LINT_ERROR ? MEISHI_STYLE_BAD : MEISHI_STYLE_WARN;

        print("%s%s%s\n", meishi_style_on(style, fd), clean, meishi_style_off(style, fd));
    }
}

void
meishi_policy_remarks_to_json(GPtrArray *lints, JsonBuilder *json)
{
    json_builder_begin_array(json);
    for (guint i = 0; i < lints->len; i++) {
        const MeishiLint *lint = g_ptr_array_index(lints, i);

        json_builder_begin_object(json);
        meishi_json_member(json, "severity", meishi_policy_remarks_severity(lint->severity));
        meishi_json_member(json, "file", lint->file);
        meishi_json_number_member(json, "line", lint->line);
        meishi_json_member(json, "group", lint->group);
        meishi_json_member(json, "key", lint->key);
        meishi_json_member(json, "message", lint->message);
        json_builder_end_object(json);
    }
    json_builder_end_array(json);
}
