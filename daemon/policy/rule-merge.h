/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From files to the rules in force: layers, masking by name, locks.
 *
 *   - A file of a higher system layer (admin over vendor, runtime over both) replaces the file of
 *     the same name below it; an empty one masks it.  A user's file replaces nothing.
 *   - A rule of a name that a lower layer has already takes over its preference; the constraints of
 *     both hold.  A locked rule is taken over by nobody.
 *   - What is said of tokens holds, all of it.
 *   - In [Defaults] the strictest Interactive and Remember count, and of the other keys the highest
 *     layer's, unless they are locked below it.
 */
#pragma once

#include <glib.h>

#include "daemon/policy/rule-parse.h"
#include "daemon/policy/rule-set.h"

/* Reads and puts together @sources (MeishiPolicySource, any order).  All or nothing: NULL where
 * one of the files has an error.  Remarks are added to @lints, sorted. */
MeishiPolicySet *meishi_rule_merge(GPtrArray *sources, GPtrArray *lints);
