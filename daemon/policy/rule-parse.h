/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From the text of a policy file to rules.  meishi-policy(5) documents every key that is read here.
 */
#pragma once

#include <glib.h>

#include "daemon/policy/rule.h"

/* A file as the agent found it; this directory reads none. */
typedef struct {
    MeishiLayer layer;
    const char *name; /* "10-corp.conf" */
    const char *path; /* for remarks */
    GBytes *text;
    guint owner; /* uid of the file, and the one that it should have */
    guint expected_owner;
    guint mode; /* permission bits */
} MeishiPolicySource;

/* Never NULL: what could be read is in the result, what could not is in @lints. */
MeishiPolicyFile *meishi_rule_parse(const MeishiPolicySource *source, GPtrArray *lints);
