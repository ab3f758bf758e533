/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Rules, conditions, roles, files: life and death of the values; see rule.h.
 */
#include "daemon/policy/rule.h"

#include <string.h>

void
meishi_constraints_tighten(MeishiConstraints *constraints, const MeishiConstraints *other)
{
    constraints->remember = MAX(constraints->remember, other->remember);
    constraints->reach = MAX(constraints->reach, other->reach);
    constraints->per_application |= other->per_application;
    constraints->confirm = MAX(constraints->confirm, other->confirm);
    constraints->forbid |= other->forbid;
    constraints->require |= other->require;
    constraints->no_notice |= other->no_notice;
}

MeishiApplicationPattern *
meishi_application_pattern_new(const char *text)
{
    MeishiApplicationPattern *pattern = g_new0(MeishiApplicationPattern, 1);

    pattern->exclude = *text == '!';
    pattern->text = g_strdup(text + pattern->exclude);
    if (strpbrk(pattern->text, "*?"))
        pattern->spec = g_pattern_spec_new(pattern->text);
    return pattern;
}

void
meishi_application_pattern_free(MeishiApplicationPattern *pattern)
{
    if (pattern == NULL)
        return;
    g_clear_pointer(&pattern->spec, g_pattern_spec_free);
    g_free(pattern->text);
    g_free(pattern);
}

void
meishi_glob_free(gpointer data)
{
    MeishiGlob *glob = data;

    g_clear_pointer(&glob->spec, g_pattern_spec_free);
    g_free(glob->text);
    g_free(glob);
}

gboolean
meishi_globs_fit(const GPtrArray *globs, const char *value, const char *folded)
{
    for (guint i = 0; i < globs->len; i++) {
        const MeishiGlob *glob = g_ptr_array_index(globs, i);

        if (glob->exact ? strcmp(glob->text, value) == 0
                        : g_pattern_spec_match_string(glob->spec, folded))
            return TRUE;
    }
    return FALSE;
}

MeishiCondition *
meishi_condition_new(MeishiConditionKind kind, const char *key, const char *detail)
{
    MeishiCondition *condition = g_new0(MeishiCondition, 1);

    condition->kind = kind;
    condition->key = key;
    condition->detail = detail;
    condition->names = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_name_unref);
    condition->globs = g_ptr_array_new_with_free_func(meishi_glob_free);
    condition->digests = g_array_new(FALSE, FALSE, sizeof(MeishiDigest));
    condition->keys = g_array_new(FALSE, FALSE, sizeof(MeishiKeyRange));
    return condition;
}

void
meishi_condition_free(MeishiCondition *condition)
{
    if (condition == NULL)
        return;
    g_ptr_array_unref(condition->names);
    g_ptr_array_unref(condition->globs);
    g_array_unref(condition->digests);
    g_array_unref(condition->keys);
    g_strfreev(condition->oids);
    g_free(condition);
}

MeishiRule *
meishi_rule_new(const char *name)
{
    MeishiRule *rule = g_new0(MeishiRule, 1);

    rule->name = g_strdup(name);
    rule->priority = MEISHI_PRIORITY_DEFAULT;
    rule->enabled = TRUE;
    rule->target.trust = MEISHI_TRUST_EXE;
    rule->conditions = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_condition_free);
    return rule;
}

void
meishi_rule_free(MeishiRule *rule)
{
    if (rule == NULL)
        return;
    g_free(rule->name);
    g_free(rule->file);
    g_free(rule->group);
    g_free(rule->renewal);
    g_free(rule->target.signature);
    g_strfreev(rule->target.protocols);
    g_clear_pointer(&rule->target.hosts, g_ptr_array_unref);
    g_clear_pointer(&rule->target.ports, g_array_unref);
    g_clear_pointer(&rule->target.applications, g_ptr_array_unref);
    g_ptr_array_unref(rule->conditions);
    g_free(rule);
}

gboolean
meishi_rule_has_preference(const MeishiRule *rule)
{
    return rule->action == MEISHI_ACTION_SELECT || rule->action == MEISHI_ACTION_PROMPT ||
           rule->action == MEISHI_ACTION_NONE;
}

void
meishi_role_free(MeishiRole *role)
{
    if (role == NULL)
        return;
    g_free(role->name);
    g_free(role->label);
    g_free(role->rule);
    g_free(role->file);
    g_free(role);
}

void
meishi_policy_file_free(MeishiPolicyFile *file)
{
    if (file == NULL)
        return;
    g_free(file->name);
    g_free(file->path);
    g_ptr_array_unref(file->rules);
    g_ptr_array_unref(file->roles);
    g_ptr_array_unref(file->tokens);
    meishi_module_rules_clear(&file->modules);
    g_ptr_array_unref(file->locks);
    g_clear_pointer(&file->defaults.said, g_hash_table_unref);
    g_free(file);
}

const char *
meishi_layer_name(MeishiLayer layer)
{
    static const char *const names[] = {"vendor", "admin", "runtime", "user"};

    return layer < G_N_ELEMENTS(names) ? names[layer] : "unknown";
}
