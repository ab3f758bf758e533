/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The Match-* keys of [Rule]: readers for the table in rule-key.c, and the signature by which two
 * rules for the same targets are known.
 */
#include "daemon/policy/rule-key-read.h"

#include "daemon/base/error.h"

#include <string.h>

static void
warn_about_host(const MeishiRuleKeyContext *context, const MeishiHostPattern *pattern)
{
    if (pattern->was_utf8)
        meishi_lint_add(context->lints, MEISHI_LINT_WARNING, context->place,
                        "the name is compared as %s", pattern->name);
    if (!pattern->exclude && pattern->name && !strchr(pattern->name, '.') &&
        (pattern->kind == MEISHI_PATTERN_BELOW || pattern->kind == MEISHI_PATTERN_DOMAIN))
        meishi_lint_add(context->lints, MEISHI_LINT_WARNING, context->place,
                        "this speaks of everything below .%s", pattern->name);
}

static gboolean
add_host(const MeishiRuleKeyContext *context, const char *text, GError **error)
{
    MeishiRuleTarget *target = &context->rule->target;
    MeishiHostPattern *pattern = meishi_host_pattern_parse(text, error);

    if (pattern == NULL)
        return FALSE;
    if (target->hosts == NULL)
        target->hosts = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_host_pattern_free);
    g_ptr_array_add(target->hosts, pattern);
    warn_about_host(context, pattern);
    return TRUE;
}

gboolean
meishi_rule_key_read_hosts(const MeishiRuleKeyContext *context, char **items, GError **error)
{
    for (; *items; items++) {
        if (!add_host(context, *items, error))
            return FALSE;
    }
    return TRUE;
}

gboolean
meishi_rule_key_read_hosts_except(const MeishiRuleKeyContext *context, char **items, GError **error)
{
    for (; *items; items++) {
        g_autofree char *excluded = g_strconcat("!", *items, NULL);

        if (!add_host(context, excluded, error))
            return FALSE;
    }
    return TRUE;
}

gboolean
meishi_rule_key_read_ports(const MeishiRuleKeyContext *context, char **items, GError **error)
{
    MeishiRuleTarget *target = &context->rule->target;
    MeishiPortRange range;

    target->ports = g_array_new(FALSE, FALSE, sizeof(MeishiPortRange));
    for (; *items; items++) {
        if (!meishi_host_port_parse(*items, &range, error))
            return FALSE;
        g_array_append_val(target->ports, range);
    }
    return TRUE;
}

gboolean
meishi_rule_key_read_protocols(const MeishiRuleKeyContext *context, char **items, GError **error)
{
    for (char **item = items; *item; item++) {
        if ((*item)[strspn(*item, "abcdefghijklmnopqrstuvwxyz0123456789-")] != '\0') {
            g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT,
                        "“%s” is not a protocol: a word in lower case, such as https", *item);
            return FALSE;
        }
    }
    context->rule->target.protocols = g_strdupv(items);
    return TRUE;
}

gboolean
meishi_rule_key_read_applications(const MeishiRuleKeyContext *context, char **items, GError **error)
{
    MeishiRuleTarget *target = &context->rule->target;

    target->applications =
        g_ptr_array_new_with_free_func((GDestroyNotify)meishi_application_pattern_free);
    for (; *items; items++) {
        MeishiApplicationPattern *pattern = meishi_rule_value_application(*items, error);

        if (pattern == NULL)
            return FALSE;
        g_ptr_array_add(target->applications, pattern);
    }
    return TRUE;
}

/* ---- the signature of a target ----------------------------------------------------------------
 */

static int
compare_strings(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Appends @items (char *, consumed) in an order of their own. */
static void
append_sorted(GString *out, GPtrArray *items)
{
    g_ptr_array_sort(items, compare_strings);
    g_string_append_printf(out, "%u", items->len);
    for (guint i = 0; i < items->len; i++)
        g_string_append_printf(out, " %s", (char *)g_ptr_array_index(items, i));
    g_string_append_c(out, '\n');
    g_ptr_array_unref(items);
}

static char *
pattern_text(const MeishiHostPattern *pattern)
{
    GString *out = g_string_new(NULL);

    g_string_append_printf(out, "%d%d%s/%u", pattern->exclude, pattern->kind,
                           pattern->name ? pattern->name : "", pattern->prefix_len);
    for (gsize i = 0; i < sizeof(pattern->addr); i++)
        g_string_append_printf(out, "%02x", pattern->addr[i]);
    return g_string_free(out, FALSE);
}

void
meishi_rule_key_end(MeishiRule *rule)
{
    const MeishiRuleTarget *target = &rule->target;
    GString *out = g_string_new(NULL);
    GPtrArray *items = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; target->hosts && i < target->hosts->len; i++)
        g_ptr_array_add(items, pattern_text(g_ptr_array_index(target->hosts, i)));
    append_sorted(out, items);

    items = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; target->ports && i < target->ports->len; i++) {
        const MeishiPortRange *range = &g_array_index(target->ports, MeishiPortRange, i);

        g_ptr_array_add(items, g_strdup_printf("%u-%u", range->low, range->high));
    }
    append_sorted(out, items);

    items = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; target->protocols && target->protocols[i]; i++)
        g_ptr_array_add(items, g_strdup(target->protocols[i]));
    append_sorted(out, items);

    items = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; target->applications && i < target->applications->len; i++) {
        const MeishiApplicationPattern *pattern = g_ptr_array_index(target->applications, i);

        g_ptr_array_add(items, g_strdup_printf("%d%s", pattern->exclude, pattern->text));
    }
    append_sorted(out, items);
    g_string_append_printf(out, "%d %d", target->trust, target->acceptable_cas);
    g_free(rule->target.signature);
    rule->target.signature = g_string_free(out, FALSE);
}
