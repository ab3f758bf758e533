/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Lineages of what an import brings.
 */
#pragma once

#include "daemon/agent/import-plan.h"
#include "daemon/policy/rule-set.h"

/* Settles the lineage of each certificate that @plan will store, and adds to its notes what a
 * person should know of it. */
void meishi_import_lineage_plan(const MeishiImportInput *input, const MeishiPolicySet *policy,
                                MeishiImportPlan *plan);
