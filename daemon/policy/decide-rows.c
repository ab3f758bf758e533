/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The rows of the decision table; see decide-rows.h.  Only a strong identity (nothing soft stands
 * against it) is ever sent without a person's word.
 */
#include "daemon/policy/decide-rows.h"

#include <string.h>

/* ---- acts -------------------------------------------------------------------------------------
 */

static void
select_one(MeishiDecideTable *table, guint index)
{
    table->decision->result = MEISHI_RESULT_SELECTED;
    table->decision->code = MEISHI_CODE_OK;
    table->decision->selected = index;
}

static void
send_none(MeishiDecideTable *table, MeishiCode code)
{
    table->decision->result = MEISHI_RESULT_NONE;
    table->decision->code = code;
}

static gboolean
can_ask(const MeishiDecideTable *table)
{
    return table->request->interactive && !table->engine->world.policy->defaults.never_interactive;
}

/* Asks, where somebody can be asked. */
static void
ask(MeishiDecideTable *table, MeishiPrompt prompt, guint preselected)
{
    MeishiDecision *decision = table->decision;

    decision->prompt = prompt;
    decision->preselected = preselected;
    if (!can_ask(table)) {
        send_none(table, MEISHI_CODE_NEEDS_USER);
        decision->notify = TRUE;
    } else if (table->request->server_verified == MEISHI_VERIFIED_NOT_YET) {
        /* A server that nobody vouches for yet must not make a window appear. */
        decision->result = MEISHI_RESULT_DEFERRED;
        decision->code = MEISHI_CODE_UNVERIFIED;
    } else {
        decision->result = MEISHI_RESULT_PROMPT;
        decision->code = MEISHI_CODE_NEEDS_USER;
    }
}

/* ---- questions --------------------------------------------------------------------------------
 */

static guint
best_strong(const MeishiDecideTable *table)
{
    return table->decision->n_strong > 0 ? table->decision->verdicts[0].index : G_MAXUINT;
}

static gboolean
fits_rule(const MeishiDecideTable *table, guint index)
{
    return meishi_engine_fits(table->engine, table->engine->preference_fit, index);
}

/* Does nothing but the empty reader keep it from being strong? */
static gboolean
is_only_absent(const MeishiVerdict *verdict)
{
    guint64 soft = 0;

    for (guint code = 0; code < MEISHI_N_CODES; code++) {
        if (meishi_code_info(code)->kind == MEISHI_KIND_SOFT)
            soft |= G_GUINT64_CONSTANT(1) << code;
    }
    return verdict->kind == MEISHI_KIND_SOFT &&
           (verdict->codes & soft) == G_GUINT64_CONSTANT(1) << MEISHI_CODE_TOKEN_ABSENT;
}

static guint
first_absent(const MeishiDecideTable *table)
{
    const MeishiDecision *decision = table->decision;

    for (guint i = decision->n_strong; i < decision->n_strong + decision->n_soft; i++) {
        if (is_only_absent(&decision->verdicts[i]))
            return decision->verdicts[i].index;
    }
    return G_MAXUINT;
}

/* ---- rows -------------------------------------------------------------------------------------
 */

/* Steps 2, 3 and 17. */
static gboolean
row_final(MeishiDecideTable *table)
{
    const MeishiRule *rule = table->engine->final_rule;

    if (table->final == MEISHI_CODE_OK)
        return FALSE;
    send_none(table, table->final);
    table->decision->rule = rule;
    if (table->final == MEISHI_CODE_PRECONNECT)
        table->decision->result = MEISHI_RESULT_DEFERRED;
    if (table->final == MEISHI_CODE_POLICY_NONE && rule->action == MEISHI_ACTION_DENY)
        table->decision->result = MEISHI_RESULT_DENIED;
    return TRUE;
}

/* The strong identities that the rule names: how many, and the best. */
static guint
count_named(const MeishiDecideTable *table, guint *ret_best)
{
    guint n = 0;

    for (guint i = 0; i < table->decision->n_strong; i++) {
        guint index = table->decision->verdicts[i].index;

        if (!fits_rule(table, index))
            continue;
        if (n++ == 0)
            *ret_best = index;
    }
    return n;
}

gboolean
meishi_decide_rows_is_select(const MeishiDecideTable *table)
{
    return table->engine->preference && table->engine->preference->action == MEISHI_ACTION_SELECT;
}

static gboolean
row_select_one(MeishiDecideTable *table)
{
    guint best;

    if (!meishi_decide_rows_is_select(table) || count_named(table, &best) != 1)
        return FALSE;
    select_one(table, best);
    return TRUE;
}

static gboolean
row_select_several(MeishiDecideTable *table)
{
    const MeishiRule *rule = table->engine->preference;
    MeishiOnMultiple many;
    guint best;

    if (!meishi_decide_rows_is_select(table) || count_named(table, &best) < 2)
        return FALSE;
    many =
        rule->on_multiple ? rule->on_multiple : table->engine->world.policy->defaults.on_multiple;
    if (many == MEISHI_MANY_PROMPT)
        ask(table, MEISHI_PROMPT_CHOOSE, best);
    else if (many == MEISHI_MANY_NONE)
        send_none(table, MEISHI_CODE_POLICY_NONE);
    else
        select_one(table, best);
    return TRUE;
}

/* The rule's identity is not here, or not usable. */
static gboolean
row_select_missing(MeishiDecideTable *table)
{
    const MeishiRule *rule = table->engine->preference;
    MeishiOnNone none;
    guint absent;

    if (!meishi_decide_rows_is_select(table))
        return FALSE;
    absent = first_absent(table);
    if (absent != G_MAXUINT && fits_rule(table, absent)) {
        ask(table, MEISHI_PROMPT_INSERT, absent);
        return TRUE;
    }
    none = rule->on_none ? rule->on_none : table->engine->world.policy->defaults.on_none;
    if (none == MEISHI_NO_MATCH_NONE)
        send_none(table, MEISHI_CODE_NO_CANDIDATE);
    else if (none == MEISHI_NO_MATCH_PROMPT_IMPORT)
        ask(table, MEISHI_PROMPT_IMPORT, G_MAXUINT);
    else
        return FALSE; /* as if there were no rule */
    return TRUE;
}

static gboolean
row_memory_none(MeishiDecideTable *table)
{
    const MeishiChoice *choice = table->choice;

    if (choice == NULL || choice->lineage)
        return FALSE;
    table->decision->choice = choice;
    if (choice->suspicion == MEISHI_SUSPICION_SUSPECT)
        ask(table, MEISHI_PROMPT_AGAIN, best_strong(table));
    else
        send_none(table, MEISHI_CODE_OK);
    return TRUE;
}

/* The best identity of the choice's lineage, strong before soft; NULL. */
static const MeishiVerdict *
find_remembered(const MeishiDecideTable *table)
{
    const MeishiDecision *decision = table->decision;

    for (guint i = 0; i < decision->n_strong + decision->n_soft; i++) {
        const MeishiCandidate *candidate =
            meishi_inventory_entry(table->engine->world.inventory, decision->verdicts[i].index)
                ->candidate;

        if (strcmp(candidate->lineage, table->choice->lineage) == 0)
            return &decision->verdicts[i];
    }
    return NULL;
}

/* What was chosen before and is as good as then; NULL. */
static const MeishiVerdict *
find_valid_memory(const MeishiDecideTable *table)
{
    const MeishiVerdict *verdict;
    MeishiConstraints limits;

    if (table->choice == NULL)
        return NULL;
    verdict = find_remembered(table);
    if (verdict == NULL || verdict->kind != MEISHI_KIND_OK ||
        table->choice->suspicion == MEISHI_SUSPICION_SUSPECT)
        return NULL;
    /* A rule about this very identity may not let it be remembered. */
    meishi_engine_limits(&table->engine->world, table->engine->rules, verdict->index, &limits);
    if (meishi_memory_find(table->engine->world.memory, table->request, &limits,
                           table->engine->world.now) != table->choice)
        return NULL;
    return verdict;
}

/* A card was pulled, a PIN not given: it may be meant otherwise this time (3.7). */
static gboolean
row_memory_failed(MeishiDecideTable *table)
{
    const MeishiVerdict *verdict = find_valid_memory(table);

    if (verdict == NULL || !table->choice->ask_once || !can_ask(table))
        return FALSE;
    table->decision->choice = table->choice;
    ask(table, MEISHI_PROMPT_AGAIN, verdict->index);
    return TRUE;
}

static gboolean
row_memory(MeishiDecideTable *table)
{
    const MeishiVerdict *verdict = find_valid_memory(table);

    if (verdict == NULL)
        return FALSE;
    table->decision->choice = table->choice;
    select_one(table, verdict->index);
    return TRUE;
}

/* What was remembered is refused, gone, expired or asked for otherwise: never silently something
 * else. */
static gboolean
row_memory_stale(MeishiDecideTable *table)
{
    const MeishiVerdict *verdict;

    if (table->choice == NULL)
        return FALSE;
    verdict = find_remembered(table);
    table->decision->choice = table->choice;
    if (verdict && is_only_absent(verdict))
        ask(table, MEISHI_PROMPT_INSERT, verdict->index);
    else if (table->decision->n_strong + table->decision->n_soft == 0)
        send_none(table, MEISHI_CODE_NO_CANDIDATE);
    else
        ask(table, MEISHI_PROMPT_AGAIN, verdict ? verdict->index : best_strong(table));
    if (verdict && verdict->code != MEISHI_CODE_OK &&
        table->decision->result == MEISHI_RESULT_PROMPT)
        table->decision->code = verdict->code;
    return TRUE;
}

static gboolean
row_insert(MeishiDecideTable *table)
{
    if (table->decision->n_strong > 0 || first_absent(table) == G_MAXUINT)
        return FALSE;
    ask(table, MEISHI_PROMPT_INSERT, first_absent(table));
    return TRUE;
}

static gboolean
row_soft(MeishiDecideTable *table)
{
    if (table->decision->n_strong > 0 || table->decision->n_soft == 0)
        return FALSE;
    if (table->request->user_activation && can_ask(table))
        ask(table, MEISHI_PROMPT_SOFT, G_MAXUINT);
    else
        send_none(table, MEISHI_CODE_NO_CANDIDATE);
    return TRUE;
}

static gboolean
row_nothing(MeishiDecideTable *table)
{
    if (table->decision->n_strong > 0)
        return FALSE;
    send_none(table, MEISHI_CODE_NO_CANDIDATE);
    return TRUE;
}

static gboolean
is_named_by_server(const MeishiDecideTable *table)
{
    return table->request->ca_names && table->request->ca_names->len > 0;
}

static gboolean
is_prompt_rule(const MeishiDecideTable *table)
{
    return table->engine->preference && table->engine->preference->action == MEISHI_ACTION_PROMPT;
}

/* "Use a single match without asking", for hosts that took it before or for all. */
static gboolean
row_single_silent(MeishiDecideTable *table)
{
    MeishiSingleMatch mode = table->engine->world.policy->defaults.single_match;
    const MeishiVerdict *verdict = table->decision->verdicts;
    gboolean seen = verdict->history && verdict->history->accepted > 0;

    if (table->decision->n_strong != 1 || !is_named_by_server(table) || is_prompt_rule(table))
        return FALSE;
    if (mode == MEISHI_SINGLE_ASK || (mode == MEISHI_SINGLE_SEEN_BEFORE && !seen))
        return FALSE;
    select_one(table, verdict->index);
    return TRUE;
}

static gboolean
row_not_interactive(MeishiDecideTable *table)
{
    if (can_ask(table))
        return FALSE;
    ask(table, MEISHI_PROMPT_CHOOSE, best_strong(table));
    return TRUE;
}

/* A certificate for any site would make every site that asks optionally ask the person. */
static gboolean
row_optional(MeishiDecideTable *table)
{
    if (is_named_by_server(table) || is_prompt_rule(table))
        return FALSE;
    if (table->request->purpose == MEISHI_PURPOSE_NAVIGATION && table->request->user_activation)
        ask(table, MEISHI_PROMPT_OPTIONAL, best_strong(table));
    else
        send_none(table, MEISHI_CODE_OPTIONAL);
    return TRUE;
}

static gboolean
row_single(MeishiDecideTable *table)
{
    if (table->decision->n_strong != 1)
        return FALSE;
    ask(table, MEISHI_PROMPT_SINGLE, best_strong(table));
    return TRUE;
}

static gboolean
row_several(MeishiDecideTable *table)
{
    ask(table, MEISHI_PROMPT_CHOOSE, best_strong(table));
    return TRUE;
}

static const struct {
    const char *name;
    const char *text;
    gboolean (*applies)(MeishiDecideTable *table);
} rows[] = {
    {"final", "the request is answered without looking at identities", row_final},
    {"select-one", "a rule selects, one identity fits", row_select_one},
    {"select-several", "a rule selects, several identities fit", row_select_several},
    {"select-missing", "a rule selects, no identity fits", row_select_missing},
    {"memory-none", "to send none was chosen before", row_memory_none},
    {"memory-failed", "what was chosen before failed here the last time", row_memory_failed},
    {"memory", "chosen before", row_memory},
    {"memory-stale", "what was chosen before cannot be used as it is", row_memory_stale},
    {"insert", "only identities on absent tokens fit", row_insert},
    {"soft-only", "nothing fits without reservation", row_soft},
    {"nothing", "nothing fits", row_nothing},
    {"single-silent", "one identity fits, and such are used without asking", row_single_silent},
    {"not-interactive", "no rule, no memory, nobody to ask", row_not_interactive},
    {"optional", "the server names no authority, no rule, no memory", row_optional},
    {"single", "one identity fits, no rule, no memory", row_single},
    {"several", "several identities fit, no rule, no memory", row_several},
};

void
meishi_decide_rows(MeishiDecideTable *table)
{
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (rows[i].applies(table)) {
            table->decision->row = rows[i].name;
            table->decision->row_text = rows[i].text;
            return;
        }
    }
}
