/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a [Rule] group may say: the table of its keys.  Internal to the reader.
 */
#pragma once

#include <glib.h>

#include "daemon/policy/lint.h"
#include "daemon/policy/rule-value.h"
#include "daemon/policy/rule.h"

typedef struct MeishiRuleKey MeishiRuleKey;

typedef struct {
    MeishiRule *rule;
    const MeishiRuleKey *key;
    GPtrArray *lints;
    const MeishiLintPlace *place;
} MeishiRuleKeyContext;

struct MeishiRuleKey {
    const char *name;
    gboolean is_list;
    gboolean (*read)(const MeishiRuleKeyContext *context, char **items, GError **error);
    const MeishiWord *words;  /* readers of words */
    gsize offset;             /* readers that fill one member of MeishiRule */
    guint bit;                /* readers of flags */
    MeishiConditionKind kind; /* readers of conditions */
    const char *detail;
};

/* NULL for a key that does not exist. */
const MeishiRuleKey *meishi_rule_key_find(const char *name);

/* The whole table, for whoever holds the manual page to it. */
const MeishiRuleKey *meishi_rule_key_table(gsize *ret_n);

/* Completes a rule whose keys have all been read. */
void meishi_rule_key_end(MeishiRule *rule);

/* Words that [Defaults] knows as well. */
extern const MeishiWord meishi_rule_key_remember[];
extern const MeishiWord meishi_rule_key_on_multiple[];
extern const MeishiWord meishi_rule_key_on_none[];
extern const MeishiWord meishi_rule_key_notify[];
