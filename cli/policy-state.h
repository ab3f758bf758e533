/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How policy stands, in short, for `meishi status`; `meishi policy show` has it all.
 */
#pragma once

#include "cli/client.h"

typedef struct {
    guint64 generation;
    gboolean has_failed; /* the files have errors; an older generation is in force */
    guint n_rules, n_errors, n_warnings;
    GVariant *roles; /* aa{sv} of org.meishi.Agent1.Policy.Describe */
} MeishiPolicyState;

gboolean meishi_policy_state_read(MeishiClient *client, MeishiPolicyState *ret_state,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;
void meishi_policy_state_clear(MeishiPolicyState *state);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MeishiPolicyState, meishi_policy_state_clear)

/* "3 rules, generation 2; 1 warning"; new. */
char *meishi_policy_state_text(const MeishiPolicyState *state);

/* Adds "policy" and "roles" to the object that is being built; @cards: to name identities. */
void
meishi_policy_state_to_json(const MeishiPolicyState *state, GPtrArray *cards, JsonBuilder *json);

/* The label of what @role (of @state->roles) holds; NULL for nothing.  Borrowed from @cards. */
const char *meishi_policy_state_role_label(GVariant *role, GPtrArray *cards);
