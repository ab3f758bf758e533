/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From rules to Chromium's filters.  What Chromium cannot say makes the filter wider or drops the
 * rule, and is a loss.  Constraints (restrict, deny, Confirm ...) are none: the daemon holds
 * Chromium to them whatever certificate it picks.
 */
#include "cli/policy-chromium.h"

#include "cli/policy-filter.h"
#include "cli/policy-json.h"

#include <string.h>

/* A rule for more becomes a rule for any. */
#define MAX_PORTS   64
#define MAX_FILTERS 64

typedef struct {
    const MeishiRule *rule;
    GPtrArray *losses;
    GPtrArray *patterns; /* char * */
    GPtrArray *filters;  /* MeishiPolicyFilter without patterns */
} Export;

G_GNUC_PRINTF(3, 4)
static void
lose(GPtrArray *losses, const MeishiRule *rule, const char *format, ...)
{
    g_autofree char *what = NULL;
    va_list args;

    va_start(args, format);
    what = g_strdup_vprintf(format, args);
    va_end(args);
    g_ptr_array_add(
        losses, g_strdup_printf("rule %s (%s:%u): %s", rule->name, rule->file, rule->line, what));
}

/* ---- targets ----------------------------------------------------------------------------------
 */

/* NULL: Chromium has no pattern for it. */
static char *
convert_host(Export *export, const MeishiHostPattern *pattern)
{
    const char *name = pattern->name;

    if (pattern->kind == MEISHI_PATTERN_ANY)
        return g_strdup("*");
    if (pattern->kind == MEISHI_PATTERN_BELOW)
        lose(export->losses, export->rule, "*.%s becomes [*.]%s, which is %s itself as well", name,
             name, name);
    if (pattern->kind == MEISHI_PATTERN_BELOW || pattern->kind == MEISHI_PATTERN_DOMAIN)
        return g_strconcat("[*.]", name, NULL);
    if (pattern->kind == MEISHI_PATTERN_EXACT && !g_str_has_prefix(name, "ssid:"))
        return strchr(name, ':') != NULL ? g_strdup_printf("[%s]", name) : g_strdup(name);
    lose(export->losses, export->rule, "networks have no pattern and are left out");
    return NULL;
}

static guint
count_ports(GArray *ports)
{
    guint n = 0;

    for (guint i = 0; ports != NULL && i < ports->len; i++) {
        const MeishiPortRange *range = &g_array_index(ports, MeishiPortRange, i);

        n += (guint)(range->high - range->low) + 1;
    }
    return n;
}

static void
add_patterns(Export *export, const char *host)
{
    GArray *ports = export->rule->target.ports;
    guint n = count_ports(ports);

    if (n == 0 || n > MAX_PORTS) {
        g_ptr_array_add(export->patterns, g_strconcat("https://", host, NULL));
        if (n > 0)
            lose(export->losses, export->rule, "%u ports become every port", n);
        return;
    }
    for (guint i = 0; i < ports->len; i++) {
        const MeishiPortRange *range = &g_array_index(ports, MeishiPortRange, i);

        for (guint port = range->low; port <= range->high; port++)
            g_ptr_array_add(export->patterns, g_strdup_printf("https://%s:%u", host, port));
    }
}

static void
convert_hosts(Export *export)
{
    GPtrArray *hosts = export->rule->target.hosts;
    gboolean any_include = FALSE, any_exclude = FALSE;

    for (guint i = 0; hosts != NULL && i < hosts->len; i++) {
        const MeishiHostPattern *pattern = g_ptr_array_index(hosts, i);
        g_autofree char *host = NULL;

        any_exclude |= pattern->exclude;
        any_include |= !pattern->exclude;
        host = pattern->exclude ? NULL : convert_host(export, pattern);
        if (host != NULL)
            add_patterns(export, host);
    }
    if (!any_include)
        add_patterns(export, "*");
    if (any_exclude)
        lose(export->losses, export->rule, "hosts that it excludes are included");
}

/* ---- identities -------------------------------------------------------------------------------
 */

static gssize
find_attribute(const MeishiCondition *condition)
{
    for (gsize i = 0; i < MEISHI_POLICY_FILTER_ATTRIBUTES; i++) {
        if (g_str_equal(meishi_policy_filter_attributes[i].key, condition->key))
            return (gssize)i;
    }
    return -1;
}

static gboolean
are_exact(GPtrArray *globs)
{
    for (guint i = 0; i < globs->len; i++) {
        if (!((const MeishiGlob *)g_ptr_array_index(globs, i))->exact)
            return FALSE;
    }
    return TRUE;
}

static MeishiPolicyFilter *
copy_filter(const MeishiPolicyFilter *filter)
{
    MeishiPolicyFilter *copy = meishi_policy_filter_new(filter->pattern);

    for (gsize i = 0; i < MEISHI_POLICY_FILTER_ATTRIBUTES; i++)
        copy->values[i] = g_strdup(filter->values[i]);
    return copy;
}

/* Each filter so far with each value: several are as good as a list. */
static void
multiply(Export *export, gsize index, GPtrArray *globs)
{
    GPtrArray *result = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_policy_filter_free);

    for (guint i = 0; i < export->filters->len; i++) {
        for (guint k = 0; k < globs->len; k++) {
            const MeishiGlob *glob = g_ptr_array_index(globs, k);
            MeishiPolicyFilter *copy = copy_filter(export->filters->pdata[i]);

            copy->values[index] = g_strdup(glob->text);
            g_ptr_array_add(result, copy);
        }
    }
    g_ptr_array_unref(export->filters);
    export->filters = result;
}

/* Asks for the attributes of @name that Chromium looks at. */
static void
narrow(MeishiPolicyFilter *filter, const char *section, const MeishiName *name)
{
    for (gsize i = 0; i < MEISHI_POLICY_FILTER_ATTRIBUTES; i++) {
        const MeishiPolicyFilterAttribute *known = &meishi_policy_filter_attributes[i];
        const MeishiNameAttribute *attribute =
            meishi_name_find(name, meishi_name_keyword_oid(known->attribute));

        if (g_str_equal(known->section, section) && attribute != NULL && filter->values[i] == NULL)
            filter->values[i] = g_strdup(attribute->value);
    }
}

/* What is left of whole names: a filter has to be as narrow as Chromium can make it, because
 * whatever passes it is sent without a question. */
static void
convert_names(Export *export, const MeishiCondition *condition, const char *section)
{
    GPtrArray *result = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_policy_filter_free);

    for (guint i = 0; i < export->filters->len; i++) {
        for (guint k = 0; k < condition->names->len; k++) {
            MeishiPolicyFilter *copy = copy_filter(export->filters->pdata[i]);

            narrow(copy, section, condition->names->pdata[k]);
            g_ptr_array_add(result, copy);
        }
    }
    g_ptr_array_unref(export->filters);
    export->filters = result;
    lose(export->losses, export->rule, "of %s, Chromium compares CN, L, O and OU alone",
         condition->key);
}

/* "ISSUER" or "SUBJECT" for a condition on a whole name that is not too much; NULL. */
static const char *
find_section(const Export *export, const MeishiCondition *condition)
{
    if (condition->names == NULL || export->filters->len * condition->names->len > MAX_FILTERS)
        return NULL;
    if (g_str_equal(condition->key, "Identity-Issuer"))
        return "ISSUER";
    return g_str_equal(condition->key, "Identity-Subject") ? "SUBJECT" : NULL;
}

static void
convert_condition(Export *export, const MeishiCondition *condition)
{
    gssize index = find_attribute(condition);
    const char *section = find_section(export, condition);

    if (section != NULL)
        convert_names(export, condition, section);
    else if (index < 0)
        lose(export->losses, export->rule, "Chromium does not know %s", condition->key);
    else if (!are_exact(condition->globs))
        lose(export->losses, export->rule,
             "Chromium compares exactly, so %s is left out unless it is written with =",
             condition->key);
    else if (export->filters->len * condition->globs->len > MAX_FILTERS)
        lose(export->losses, export->rule, "%s has too many values and is left out",
             condition->key);
    else
        multiply(export, (gsize)index, condition->globs);
}

/* ---- rules ------------------------------------------------------------------------------------
 */

static gboolean
is_for_chromium(const MeishiRule *rule)
{
    char **protocols = rule->target.protocols;

    return meishi_rule_has_preference(rule) &&
           (protocols == NULL || g_strv_contains((const char *const *)protocols, "https"));
}

static void
note_the_rest(Export *export)
{
    const MeishiRule *rule = export->rule;

    if (rule->target.applications != NULL || rule->says_trust)
        lose(export->losses, rule, "it becomes one for Chromium, whatever programs it names");
    if (rule->target.acceptable_cas != MEISHI_CAS_ANY)
        lose(export->losses, rule, "Chromium does not know Match-Acceptable-CAs");
    if (rule->on_multiple == MEISHI_MANY_NONE)
        lose(export->losses, rule, "Chromium does not know On-Multiple=none");
    if (rule->on_none != MEISHI_NO_MATCH_UNSET && rule->on_none != MEISHI_NO_MATCH_PROMPT_ANY)
        lose(export->losses, rule, "Chromium asks where no certificate fits");
    if (rule->priority != MEISHI_PRIORITY_DEFAULT)
        lose(export->losses, rule, "Chromium goes by the most exact pattern, not by Priority");
    if (rule->prefer_hardware || rule->group != NULL)
        lose(export->losses, rule, "Chromium does not know Prefer and Group");
}

static void
export_rule(const MeishiRule *rule, JsonBuilder *json, GPtrArray *losses)
{
    Export export = {.rule = rule, .losses = losses};

    if (rule->action != MEISHI_ACTION_SELECT) {
        lose(losses, rule, "left out, because Chromium can do nothing but select");
        return;
    }
    export.patterns = g_ptr_array_new_with_free_func(g_free);
    export.filters = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_policy_filter_free);
    g_ptr_array_add(export.filters, meishi_policy_filter_new(""));
    convert_hosts(&export);
    for (guint i = 0; i < rule->conditions->len; i++)
        convert_condition(&export, g_ptr_array_index(rule->conditions, i));
    note_the_rest(&export);
    for (guint i = 0; i < export.patterns->len; i++) {
        for (guint k = 0; k < export.filters->len; k++) {
            MeishiPolicyFilter *filter = g_ptr_array_index(export.filters, k);
            g_autofree char *line = NULL;

            g_free(filter->pattern);
            filter->pattern = g_strdup(export.patterns->pdata[i]);
            line = meishi_policy_filter_format(filter);
            json_builder_add_string_value(json, line);
        }
    }
    g_ptr_array_unref(export.patterns);
    g_ptr_array_unref(export.filters);
}

/* Chromium has one switch for all of its filters. */
static void
export_switch(const MeishiPolicySet *set, JsonBuilder *json, GPtrArray *losses)
{
    const MeishiRule *first = NULL;
    gboolean prompts = FALSE;

    for (guint i = 0; i < set->rules->len; i++) {
        const MeishiRule *rule = g_ptr_array_index(set->rules, i);
        MeishiOnMultiple many =
            rule->on_multiple != MEISHI_MANY_UNSET ? rule->on_multiple : set->defaults.on_multiple;

        if (!is_for_chromium(rule) || rule->action != MEISHI_ACTION_SELECT)
            continue;
        if (first != NULL && (many == MEISHI_MANY_PROMPT) != prompts)
            lose(losses, rule,
                 "its On-Multiple is not that of rule %s, and Chromium has one for "
                 "all",
                 first->name);
        if (first == NULL)
            prompts = many == MEISHI_MANY_PROMPT;
        first = first != NULL ? first : rule;
    }
    if (!prompts)
        return;
    json_builder_set_member_name(json, "PromptOnMultipleMatchingCertificates");
    json_builder_add_boolean_value(json, TRUE);
}

char *
meishi_policy_chromium_export(const MeishiPolicySet *set, GPtrArray *losses)
{
    g_autoptr(JsonBuilder) json = json_builder_new();
    g_autoptr(JsonNode) root = NULL;

    json_builder_begin_object(json);
    json_builder_set_member_name(json, "AutoSelectCertificateForUrls");
    json_builder_begin_array(json);
    for (guint i = 0; i < set->rules->len; i++) {
        const MeishiRule *rule = g_ptr_array_index(set->rules, i);

        if (is_for_chromium(rule))
            export_rule(rule, json, losses);
    }
    json_builder_end_array(json);
    export_switch(set, json, losses);
    json_builder_end_object(json);
    root = json_builder_get_root(json);
    return meishi_policy_json_format(root, TRUE);
}
