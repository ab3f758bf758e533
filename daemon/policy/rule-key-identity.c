/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The Identity-* keys of [Rule]: readers for the table in rule-key.c.
 */
#include "daemon/policy/rule-key-read.h"

static MeishiCondition *
add_condition(const MeishiRuleKeyContext *context)
{
    MeishiCondition *condition =
        meishi_condition_new(context->key->kind, context->key->name, context->key->detail);

    condition->line = context->place->line;
    g_ptr_array_add(context->rule->conditions, condition);
    return condition;
}

gboolean
meishi_rule_key_read_names(const MeishiRuleKeyContext *context, char **items, GError **error)
{
    MeishiCondition *condition = add_condition(context);

    for (; *items; items++) {
        gboolean slash;
        MeishiName *name = meishi_name_parse(*items, &slash, error);
        g_autofree char *text = name ? meishi_name_to_text(name) : NULL;

        if (name == NULL)
            return FALSE;
        g_ptr_array_add(condition->names, name);
        if (slash)
            meishi_lint_add(context->lints, MEISHI_LINT_WARNING, context->place,
                            "the slash form of a name is read as %s; write it so", text);
    }
    return TRUE;
}

gboolean
meishi_rule_key_read_globs(const MeishiRuleKeyContext *context, char **items, GError **error)
{
    MeishiCondition *condition = add_condition(context);

    for (; *items; items++) {
        MeishiGlob *glob = meishi_rule_value_glob(*items, error);

        if (glob == NULL)
            return FALSE;
        g_ptr_array_add(condition->globs, glob);
    }
    return TRUE;
}

gboolean
meishi_rule_key_read_digests(const MeishiRuleKeyContext *context, char **items, GError **error)
{
    MeishiCondition *condition = add_condition(context);
    MeishiDigest digest;

    for (; *items; items++) {
        if (!meishi_rule_value_digest(*items, &digest, error))
            return FALSE;
        g_array_append_val(condition->digests, digest);
    }
    return TRUE;
}

gboolean
meishi_rule_key_read_oids(const MeishiRuleKeyContext *context, char **items, GError **error)
{
    MeishiCondition *condition = add_condition(context);
    g_autoptr(GPtrArray) oids = g_ptr_array_new_with_free_func(g_free);

    for (; *items; items++) {
        char *oid = condition->kind == MEISHI_CONDITION_EKU ? meishi_rule_value_eku(*items, error)
                                                            : meishi_rule_value_oid(*items, error);

        if (oid == NULL)
            return FALSE;
        g_ptr_array_add(oids, oid);
    }
    g_ptr_array_add(oids, NULL);
    condition->oids = (char **)g_ptr_array_free(g_steal_pointer(&oids), FALSE);
    return TRUE;
}

gboolean
meishi_rule_key_read_key_types(const MeishiRuleKeyContext *context, char **items, GError **error)
{
    MeishiCondition *condition = add_condition(context);
    MeishiKeyRange range;

    for (; *items; items++) {
        if (!meishi_rule_value_key_range(*items, &range, error))
            return FALSE;
        g_array_append_val(condition->keys, range);
    }
    return TRUE;
}

gboolean
meishi_rule_key_read_token_kinds(const MeishiRuleKeyContext *context, char **items, GError **error)
{
    MeishiCondition *condition = add_condition(context);
    int bit;

    for (; *items; items++) {
        if (!meishi_rule_value_word(*items, meishi_rule_value_token_kinds, &bit, error))
            return FALSE;
        condition->token_kinds |= (guint)bit;
    }
    return TRUE;
}

gboolean
meishi_rule_key_read_validity(const MeishiRuleKeyContext *context, char **items, GError **error)
{
    return meishi_rule_value_duration(items[0], &add_condition(context)->seconds, error);
}

gboolean
meishi_rule_key_read_self_signed(const MeishiRuleKeyContext *context, char **items, GError **error)
{
    return meishi_rule_value_bool(items[0], &add_condition(context)->yes, error);
}
