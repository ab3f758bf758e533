/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is wrong with a rule although each of its values is right.  Errors make the daemon refuse
 * the whole set; warnings are for whoever runs `meishi policy check`.
 */
#pragma once

#include <glib.h>

#include "daemon/policy/inventory.h"
#include "daemon/policy/rule-set.h"

/* One rule by itself. */
void meishi_rule_lint_rule(const MeishiRule *rule, GPtrArray *lints);

/* Rules and roles beside each other. */
void meishi_rule_lint_set(const MeishiPolicySet *set, GPtrArray *lints);

/* Rules beside what is in the store. */
void meishi_rule_lint_inventory(const MeishiPolicySet *set, const MeishiInventory *inventory,
                                gint64 now, GPtrArray *lints);
