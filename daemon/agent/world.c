/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The world as the engine meets it: identities as candidates, issuers as a graph, the rules in
 * force, what is remembered.  The inventory is made when something is asked after a change, not at
 * each change, because an import of many files changes much and is asked nothing.
 */
#include "daemon/agent/agent-private.h"
#include "daemon/agent/selector.h"

void
meishi_agent_drop_world(MeishiAgent *agent)
{
    meishi_agent_drop_presentations(agent);
    g_clear_pointer(&agent->inventory, meishi_inventory_free);
}

/* What a person calls the token, not the one of ours that shows the identity. */
static void
describe_place(MeishiCandidate *candidate, const MeishiIdentity *identity)
{
    g_free(candidate->token_label);
    candidate->token_label = g_strdup(identity->place->label);
    candidate->token_serial = g_strdup(identity->place->serial);
    candidate->token_model = g_strdup(identity->place->model);
    candidate->token_maker = g_strdup(identity->place->maker);
    candidate->token_kind = identity->place->kind;
    if (!identity->place->is_present)
        candidate->token_state = MEISHI_TOKEN_ABSENT;
}

static MeishiCandidate *
make_candidate(const MeishiIdentity *identity)
{
    g_autofree char *id = meishi_identity_id(identity);
    MeishiCandidate *candidate = meishi_candidate_new(id, identity->label, identity->cert);

    candidate->token_label = g_strdup(identity->token_label);
    if (identity->place != NULL)
        describe_place(candidate, identity);
    g_free(candidate->lineage);
    candidate->lineage = g_strdup(identity->lineage);
    candidate->superseded_by = g_strdup(identity->superseded_by);
    return candidate;
}

/* In the order of the identities, so that an index means the same in both. */
static GPtrArray *
make_candidates(MeishiAgent *agent)
{
    GPtrArray *candidates = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_candidate_free);

    for (guint i = 0; i < agent->identities->len; i++)
        g_ptr_array_add(candidates, make_candidate(agent->identities->pdata[i]));
    return candidates;
}

/* The issuers that came with identities, and identities that are authorities themselves. */
static GPtrArray *
collect_authorities(MeishiAgent *agent)
{
    GPtrArray *stored = meishi_roster_issuers(agent->roster);
    GPtrArray *authorities = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_cert_unref);
    g_autoptr(GHashTable) seen = g_hash_table_new(g_bytes_hash, g_bytes_equal);

    for (guint i = 0; i < stored->len; i++) {
        MeishiCert *cert = stored->pdata[i];

        if (g_hash_table_add(seen, cert->der))
            g_ptr_array_add(authorities, meishi_cert_ref(cert));
    }
    for (guint i = 0; i < agent->identities->len; i++) {
        MeishiCert *cert = ((MeishiIdentity *)agent->identities->pdata[i])->cert;

        if (cert != NULL && cert->is_ca && g_hash_table_add(seen, cert->der))
            g_ptr_array_add(authorities, meishi_cert_ref(cert));
    }
    return authorities;
}

static const MeishiInventory *
find_inventory(MeishiAgent *agent)
{
    if (agent->inventory == NULL) {
        g_autoptr(GPtrArray) candidates = make_candidates(agent);
        g_autoptr(GPtrArray) authorities = collect_authorities(agent);

        agent->inventory =
            meishi_inventory_new(candidates, authorities, meishi_roster_verify, agent->roster);
    }
    return agent->inventory;
}

const MeishiWorld *
meishi_agent_world(MeishiAgent *agent)
{
    agent->world = (MeishiWorld){
        .policy = meishi_rulebook_set(agent->rulebook),
        .inventory = find_inventory(agent),
        .memory = meishi_choice_book_memory(agent->choice_book),
        .now = meishi_agent_now(),
    };
    return &agent->world;
}

MeishiRulebook *
meishi_agent_rulebook(MeishiAgent *agent)
{
    return agent->rulebook;
}

MeishiChoiceBook *
meishi_agent_choice_book(MeishiAgent *agent)
{
    return agent->choice_book;
}

MeishiPrompters *
meishi_agent_prompters(MeishiAgent *agent)
{
    return agent->prompters;
}

MeishiIdentity *
meishi_agent_find_id(MeishiAgent *agent, const char *id)
{
    guint index;

    if (!meishi_inventory_find_id(find_inventory(agent), id, &index))
        return NULL;
    return meishi_identity_ref(agent->identities->pdata[index]);
}

MeishiDecision *
meishi_agent_decide(MeishiAgent *agent, const MeishiRequest *request, GError **error)
{
    if (!meishi_request_check(request, error))
        return NULL;
    return meishi_decide(meishi_agent_world(agent), request);
}
