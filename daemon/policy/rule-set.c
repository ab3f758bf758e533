/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The rules in force and their index; see rule-set.h.
 */
#include "daemon/policy/rule-set.h"

#include <string.h>

MeishiPolicySet *
meishi_rule_set_new(void)
{
    MeishiPolicySet *set = g_new0(MeishiPolicySet, 1);

    set->files = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_policy_file_free);
    set->rules = g_ptr_array_new();
    set->roles = g_ptr_array_new();
    set->tokens = g_ptr_array_new();
    set->by_host =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_array_unref);
    set->anywhere = g_array_new(FALSE, FALSE, sizeof(guint));
    return set;
}

void
meishi_rule_set_free(MeishiPolicySet *set)
{
    if (set == NULL)
        return;
    g_ptr_array_unref(set->rules);
    g_ptr_array_unref(set->roles);
    g_ptr_array_unref(set->tokens);
    meishi_module_rules_clear(&set->modules);
    g_ptr_array_unref(set->files);
    g_hash_table_unref(set->by_host);
    g_array_unref(set->anywhere);
    g_free(set);
}

/* Where the index keeps a pattern; NULL for one that a host's text does not lead to. */
static char *
index_key(const MeishiHostPattern *pattern)
{
    switch (pattern->kind) {
    case MEISHI_PATTERN_EXACT:
        return g_strdup(pattern->name);
    case MEISHI_PATTERN_BELOW:
    case MEISHI_PATTERN_DOMAIN:
        return g_strconcat(".", pattern->name, NULL);
    case MEISHI_PATTERN_ANY:
    case MEISHI_PATTERN_NET:
        break;
    }
    return NULL;
}

/* Can every host that the rule fits be found through the index? */
static gboolean
is_indexable(GPtrArray *hosts)
{
    gboolean any_include = FALSE;

    for (guint i = 0; hosts && i < hosts->len; i++) {
        const MeishiHostPattern *pattern = g_ptr_array_index(hosts, i);

        if (pattern->exclude)
            continue;
        any_include = TRUE;
        if (pattern->kind == MEISHI_PATTERN_ANY || pattern->kind == MEISHI_PATTERN_NET)
            return FALSE;
    }
    return any_include;
}

static void
index_under(MeishiPolicySet *set, char *key, guint rule)
{
    GArray *list = g_hash_table_lookup(set->by_host, key);

    if (list == NULL) {
        list = g_array_new(FALSE, FALSE, sizeof(guint));
        g_hash_table_insert(set->by_host, g_strdup(key), list);
    }
    g_array_append_val(list, rule);
}

void
meishi_rule_set_add(MeishiPolicySet *set, MeishiRule *rule)
{
    GPtrArray *hosts = rule->target.hosts;

    rule->index = set->rules->len;
    g_ptr_array_add(set->rules, rule);
    if (!is_indexable(hosts)) {
        g_array_append_val(set->anywhere, rule->index);
        return;
    }
    for (guint i = 0; i < hosts->len; i++) {
        const MeishiHostPattern *pattern = g_ptr_array_index(hosts, i);
        g_autofree char *key = pattern->exclude ? NULL : index_key(pattern);

        if (key)
            index_under(set, key, rule->index);
    }
}

static int
compare_numbers(gconstpointer a, gconstpointer b)
{
    guint x = *(const guint *)a, y = *(const guint *)b;

    return (x > y) - (x < y);
}

static void
sort_unique(GArray *numbers)
{
    guint kept = 0;

    g_array_sort(numbers, compare_numbers);
    for (guint i = 0; i < numbers->len; i++) {
        guint number = g_array_index(numbers, guint, i);

        if (kept == 0 || g_array_index(numbers, guint, kept - 1) != number)
            g_array_index(numbers, guint, kept++) = number;
    }
    g_array_set_size(numbers, kept);
}

static void
append_list(GArray *found, GArray *list)
{
    if (list && list->len > 0)
        g_array_append_vals(found, list->data, list->len);
}

/* "a.b.c" is found under itself, ".a.b.c", ".b.c" and ".c". */
static void
append_by_name(const MeishiPolicySet *set, const char *name, GArray *found)
{
    g_autofree char *dotted = g_strconcat(".", name, NULL);

    append_list(found, g_hash_table_lookup(set->by_host, name));
    for (const char *p = dotted; p != NULL; p = strchr(p + 1, '.'))
        append_list(found, g_hash_table_lookup(set->by_host, p));
}

GArray *
meishi_rule_set_lookup(const MeishiPolicySet *set, const MeishiHost *host)
{
    GArray *found = g_array_new(FALSE, FALSE, sizeof(guint));

    if (host->kind == MEISHI_HOST_UNKNOWN) {
        for (guint i = 0; i < set->rules->len; i++)
            g_array_append_val(found, i);
        return found;
    }
    append_list(found, set->anywhere);
    append_by_name(set, host->text, found);
    sort_unique(found);
    return found;
}

const MeishiRole *
meishi_rule_set_find_role(const MeishiPolicySet *set, const char *name)
{
    for (guint i = 0; i < set->roles->len; i++) {
        const MeishiRole *role = g_ptr_array_index(set->roles, i);

        if (strcmp(role->name, name) == 0)
            return role;
    }
    return NULL;
}

const MeishiRule *
meishi_rule_set_find_rule(const MeishiPolicySet *set, const char *name)
{
    const MeishiRule *best = NULL;

    for (guint i = 0; i < set->rules->len; i++) {
        const MeishiRule *rule = g_ptr_array_index(set->rules, i);

        if (strcmp(rule->name, name) == 0 &&
            (best == NULL || meishi_rule_has_preference(rule) >= meishi_rule_has_preference(best)))
            best = rule;
    }
    return best;
}
