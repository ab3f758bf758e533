/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Applying one rule: does it speak of this target, does it speak of this identity, and which of two
 * rules is asked first?
 */
#pragma once

#include <glib.h>

#include "daemon/policy/inventory.h"
#include "daemon/policy/request.h"
#include "daemon/policy/rule.h"

/* UNKNOWN where the door does not know what the rule asks for: a constraint then holds, a
 * preference does not.  @ret_specific (may be NULL) is written on YES: how exact the host was. */
MeishiFit
meishi_rule_match_target(const MeishiRule *rule, const MeishiRequest *request, guint *ret_specific);

/* The first Identity-* key of @rule that candidate @index of @inventory does not fit; NULL where it
 * fits all.  @skip is a mask of 1 << MeishiConditionKind to pass over. */
const MeishiCondition *
meishi_rule_match_obstacle(const MeishiRule *rule, const MeishiInventory *inventory, guint index,
                           gint64 now, guint skip);

/* The conditions that all identities of one issuer group answer alike. */
#define MEISHI_CONDITIONS_OF_ISSUER                                            \
    (1u << MEISHI_CONDITION_ISSUER | 1u << MEISHI_CONDITION_ISSUER_ATTRIBUTE | \
     1u << MEISHI_CONDITION_CHAIN_ISSUER | 1u << MEISHI_CONDITION_CHAIN_SPKI)

/* Negative where @a, which fits the target with host specificity @specific_a, is asked before
 * @b.  Total. */
int meishi_rule_match_order(const MeishiRule *a, guint specific_a, const MeishiRule *b,
                            guint specific_b);
