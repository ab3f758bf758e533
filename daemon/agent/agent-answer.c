/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From a decision, which borrows from the world, to an answer, which a caller may keep.
 */
#include "daemon/agent/selector-private.h"

#include "daemon/policy/explain.h"

MeishiAnswer *
meishi_answer_new(MeishiResult result, MeishiCode code, const char *row)
{
    MeishiAnswer *answer = g_new0(MeishiAnswer, 1);

    answer->result = result;
    answer->code = code;
    answer->row = g_strdup(row);
    return answer;
}

void
meishi_answer_add_question(MeishiAnswer *answer, const MeishiSelectCall *call, GVariant *question)
{
    g_autoptr(GVariant) owned = g_variant_ref_sink(question);

    if (!call->application->is_sandboxed)
        answer->question = g_steal_pointer(&owned);
}

void
meishi_answer_free(MeishiAnswer *answer)
{
    if (answer == NULL)
        return;
    g_free(answer->row);
    g_free(answer->selection_id);
    g_free(answer->rule);
    if (answer->identity != NULL)
        meishi_identity_unref(answer->identity);
    g_clear_pointer(&answer->chain, g_ptr_array_unref);
    g_clear_pointer(&answer->schemes, g_array_unref);
    g_clear_pointer(&answer->question, g_variant_unref);
    g_free(answer);
}

static void
add_identity(MeishiAgent *agent, const MeishiRequest *request, const MeishiDecision *decision,
             MeishiAnswer *answer)
{
    const MeishiInventory *inventory = agent->inventory;
    const MeishiVerdict *verdict = meishi_decision_verdict(decision, decision->selected);
    const MeishiCandidate *candidate =
        meishi_inventory_entry(inventory, decision->selected)->candidate;

    answer->identity = meishi_agent_find_id(agent, candidate->id);
    answer->chain = meishi_path_chain(inventory, decision->selected, verdict->path);
    answer->schemes = request->sigalgs != NULL
                          ? meishi_sigalg_usable(request->sigalgs, verdict->schemes)
                          : meishi_sigalg_codes(verdict->schemes);
    answer->will_confirm = decision->limits.confirm != MEISHI_CONFIRM_NEVER;
}

MeishiAnswer *
meishi_agent_preview(MeishiAgent *agent, const MeishiRequest *request,
                     const MeishiDecision *decision)
{
    MeishiAnswer *answer = meishi_answer_new(decision->result, decision->code, decision->row_text);

    if (decision->rule != NULL)
        answer->rule = meishi_explain_rule(decision->rule);
    /* A choice that raised the question is not what the answer comes from. */
    if (decision->choice != NULL &&
        (decision->result == MEISHI_RESULT_SELECTED || decision->result == MEISHI_RESULT_NONE)) {
        answer->choice_id = decision->choice->id;
        answer->scope = decision->choice->scope;
    }
    if (decision->result == MEISHI_RESULT_SELECTED)
        add_identity(agent, request, decision, answer);
    return answer;
}
