/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiPolicySet: all rules that are in force, put together and indexed by host, so that a request
 * looks at the few that can speak of its target.  Immutable; a reload makes a new one.
 */
#pragma once

#include <glib.h>

#include "daemon/policy/request.h"
#include "daemon/policy/rule.h"

typedef struct {
    GPtrArray *files;  /* MeishiPolicyFile; owns the rules and roles below */
    GPtrArray *rules;  /* MeishiRule: enabled ones, index = position */
    GPtrArray *roles;  /* MeishiRole */
    GPtrArray *tokens; /* MeishiTokenRule: of all files, since none loosens another */
    MeishiDefaults defaults;
    MeishiModuleRules modules;
    GHashTable *by_host; /* "name", or ".name" for what is below: GArray of guint */
    GArray *anywhere;    /* guint: rules that the host index cannot place */
} MeishiPolicySet;

/* No rule, everything as built in. */
MeishiPolicySet *meishi_rule_set_new(void);
void meishi_rule_set_free(MeishiPolicySet *set);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiPolicySet, meishi_rule_set_free)

/* Adds a rule that one of the set's files owns, and indexes it. */
void meishi_rule_set_add(MeishiPolicySet *set, MeishiRule *rule);

/* Indices (guint, ascending, new) of the rules that may speak of @host; all for an unknown one. */
GArray *meishi_rule_set_lookup(const MeishiPolicySet *set, const MeishiHost *host);

/* The role of that name; NULL. */
const MeishiRole *meishi_rule_set_find_role(const MeishiPolicySet *set, const char *name);

/* The rule of that name with the last word; NULL. */
const MeishiRule *meishi_rule_set_find_rule(const MeishiPolicySet *set, const char *name);
