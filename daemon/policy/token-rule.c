/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * [Token NAME]: its keys, and which tokens it means; see token-rule.h.
 */
#include "daemon/policy/token-rule.h"

#include "daemon/base/error.h"
#include "daemon/policy/name.h"
#include "daemon/policy/rule-value.h"

#include <string.h>

MeishiTokenRule *
meishi_token_rule_new(const char *name)
{
    MeishiTokenRule *rule = g_new0(MeishiTokenRule, 1);

    rule->name = g_strdup(name);
    return rule;
}

void
meishi_token_rule_free(MeishiTokenRule *rule)
{
    if (rule == NULL)
        return;
    for (guint i = 0; i < MEISHI_N_TOKEN_TEXTS; i++)
        g_clear_pointer(&rule->globs[i], g_ptr_array_unref);
    g_free(rule->name);
    g_free(rule->file);
    g_free(rule);
}

/* ---- keys -------------------------------------------------------------------------------------
 */

static gboolean
read_kinds(MeishiTokenRule *rule, char **items, GError **error)
{
    for (; *items != NULL; items++) {
        int bit;

        if (!meishi_rule_value_word(*items, meishi_rule_value_token_kinds, &bit, error))
            return FALSE;
        rule->kinds |= (guint)bit;
    }
    return TRUE;
}

static gboolean
read_globs(GPtrArray **globs, char **items, GError **error)
{
    *globs = g_ptr_array_new_with_free_func(meishi_glob_free);
    for (; *items != NULL; items++) {
        MeishiGlob *glob = meishi_rule_value_glob(*items, error);

        if (glob == NULL)
            return FALSE;
        g_ptr_array_add(*globs, glob);
    }
    return TRUE;
}

static gboolean
read_pin_keep(MeishiTokenRule *rule, char **items, GError **error)
{
    rule->says_pin_keep = TRUE;
    if (items[1] == NULL)
        return meishi_pin_keep_parse(items[0], &rule->pin_keep, error);
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT, "takes one value, not a list");
    return FALSE;
}

gboolean
meishi_token_rule_read(MeishiTokenRule *rule, const char *key, char **items, GError **error)
{
    static const char *const texts[] = {
        [MEISHI_TOKEN_TEXT_LABEL] = "Token-Label",
        [MEISHI_TOKEN_TEXT_SERIAL] = "Token-Serial",
        [MEISHI_TOKEN_TEXT_MODEL] = "Token-Model",
        [MEISHI_TOKEN_TEXT_MAKER] = "Token-Manufacturer",
    };

    if (strcmp(key, "Token-Kind") == 0)
        return read_kinds(rule, items, error);
    if (strcmp(key, "PIN-Keep") == 0)
        return read_pin_keep(rule, items, error);
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        if (strcmp(key, texts[i]) == 0)
            return read_globs(&rule->globs[i], items, error);
    }
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND,
                "unknown key; see meishi-policy(5) for those of [Token NAME]");
    return FALSE;
}

/* ---- tokens -----------------------------------------------------------------------------------
 */

static gboolean
fits(const MeishiTokenRule *rule, const MeishiTokenFacts *token)
{
    if (rule->kinds != 0 && (rule->kinds & 1u << token->kind) == 0)
        return FALSE;
    for (guint i = 0; i < MEISHI_N_TOKEN_TEXTS; i++) {
        const char *text = token->texts[i] != NULL ? token->texts[i] : "";
        g_autofree char *folded = meishi_name_fold(text);

        if (rule->globs[i] != NULL && !meishi_globs_fit(rule->globs[i], text, folded))
            return FALSE;
    }
    return TRUE;
}

MeishiPinKeep
meishi_token_rule_limit(const GPtrArray *rules, const MeishiTokenFacts *token,
                        const MeishiTokenRule **ret_rule)
{
    MeishiPinKeep limit = {.kind = MEISHI_PIN_KEYRING};

    *ret_rule = NULL;
    for (guint i = 0; i < rules->len; i++) {
        const MeishiTokenRule *rule = rules->pdata[i];

        if (!rule->says_pin_keep || !meishi_pin_keep_exceeds(&limit, &rule->pin_keep) ||
            !fits(rule, token))
            continue;
        limit = rule->pin_keep;
        *ret_rule = rule;
    }
    return limit;
}
