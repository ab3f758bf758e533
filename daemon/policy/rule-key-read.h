/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Readers of the keys of [Rule], one per form of value; see MeishiRuleKey.  Internal to
 * rule-key*.c.
 */
#pragma once

#include "daemon/policy/rule-key.h"

/* rule-key-target.c */
gboolean
meishi_rule_key_read_hosts(const MeishiRuleKeyContext *context, char **items, GError **error);
gboolean meishi_rule_key_read_hosts_except(const MeishiRuleKeyContext *context, char **items,
                                           GError **error);
gboolean
meishi_rule_key_read_ports(const MeishiRuleKeyContext *context, char **items, GError **error);
gboolean
meishi_rule_key_read_protocols(const MeishiRuleKeyContext *context, char **items, GError **error);
gboolean meishi_rule_key_read_applications(const MeishiRuleKeyContext *context, char **items,
                                           GError **error);
/* rule-key-identity.c */
gboolean
meishi_rule_key_read_names(const MeishiRuleKeyContext *context, char **items, GError **error);
gboolean
meishi_rule_key_read_globs(const MeishiRuleKeyContext *context, char **items, GError **error);
gboolean
meishi_rule_key_read_digests(const MeishiRuleKeyContext *context, char **items, GError **error);
gboolean
meishi_rule_key_read_oids(const MeishiRuleKeyContext *context, char **items, GError **error);
gboolean
meishi_rule_key_read_key_types(const MeishiRuleKeyContext *context, char **items, GError **error);
gboolean
meishi_rule_key_read_token_kinds(const MeishiRuleKeyContext *context, char **items, GError **error);
gboolean
meishi_rule_key_read_validity(const MeishiRuleKeyContext *context, char **items, GError **error);
gboolean
meishi_rule_key_read_self_signed(const MeishiRuleKeyContext *context, char **items, GError **error);
