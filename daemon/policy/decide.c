/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The decision table.  Rows are asked in order; the first that applies fills in the decision.  Only
 * a strong identity (nothing soft stands against it) is ever sent without a person's word.
 */
#include "daemon/policy/decide.h"

#include <string.h>

typedef struct {
    MeishiEngine *engine;
    const MeishiRequest *request;
    MeishiDecision *decision;
    MeishiCode final; /* of the steps that end a request */
    const MeishiChoice *choice;
    guint n_absent; /* nothing but an absent token stands against them */
} Table;

/* ---- acts -------------------------------------------------------------------------------------
 */

static void
select_one(Table *table, guint index)
{
    table->decision->result = MEISHI_RESULT_SELECTED;
    table->decision->code = MEISHI_CODE_OK;
    table->decision->selected = index;
}

static void
send_none(Table *table, MeishiCode code)
{
    table->decision->result = MEISHI_RESULT_NONE;
    table->decision->code = code;
}

static gboolean
can_ask(const Table *table)
{
    return table->request->interactive && !table->engine->world.policy->defaults.never_interactive;
}

/* Asks, where somebody can be asked. */
static void
ask(Table *table, MeishiPrompt prompt, guint preselected)
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
best_strong(const Table *table)
{
    return table->decision->n_strong > 0 ? table->decision->verdicts[0].index : G_MAXUINT;
}

static gboolean
fits_rule(const Table *table, guint index)
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
first_absent(const Table *table)
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
row_final(Table *table)
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
count_named(const Table *table, guint *ret_best)
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

static gboolean
is_select(const Table *table)
{
    return table->engine->preference && table->engine->preference->action == MEISHI_ACTION_SELECT;
}

static gboolean
row_select_one(Table *table)
{
    guint best;

    if (!is_select(table) || count_named(table, &best) != 1)
        return FALSE;
    select_one(table, best);
    return TRUE;
}

static gboolean
row_select_several(Table *table)
{
    const MeishiRule *rule = table->engine->preference;
    MeishiOnMultiple many;
    guint best;

    if (!is_select(table) || count_named(table, &best) < 2)
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
row_select_missing(Table *table)
{
    const MeishiRule *rule = table->engine->preference;
    MeishiOnNone none;
    guint absent;

    if (!is_select(table))
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
row_memory_none(Table *table)
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
find_remembered(const Table *table)
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

static gboolean
row_memory(Table *table)
{
    const MeishiVerdict *verdict;
    MeishiConstraints limits;

    if (table->choice == NULL)
        return FALSE;
    verdict = find_remembered(table);
    if (verdict == NULL || verdict->kind != MEISHI_KIND_OK ||
        table->choice->suspicion == MEISHI_SUSPICION_SUSPECT)
        return FALSE;
    /* A rule about this very identity may not let it be remembered. */
    meishi_engine_limits(&table->engine->world, table->engine->rules, verdict->index, &limits);
    if (meishi_memory_find(table->engine->world.memory, table->request, &limits,
                           table->engine->world.now) != table->choice)
        return FALSE;
    table->decision->choice = table->choice;
    select_one(table, verdict->index);
    return TRUE;
}

/* What was remembered is refused, gone, expired or asked for otherwise: never silently something
 * else. */
static gboolean
row_memory_stale(Table *table)
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
row_insert(Table *table)
{
    if (table->decision->n_strong > 0 || first_absent(table) == G_MAXUINT)
        return FALSE;
    ask(table, MEISHI_PROMPT_INSERT, first_absent(table));
    return TRUE;
}

static gboolean
row_soft(Table *table)
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
row_nothing(Table *table)
{
    if (table->decision->n_strong > 0)
        return FALSE;
    send_none(table, MEISHI_CODE_NO_CANDIDATE);
    return TRUE;
}

static gboolean
is_named_by_server(const Table *table)
{
    return table->request->ca_names && table->request->ca_names->len > 0;
}

static gboolean
is_prompt_rule(const Table *table)
{
    return table->engine->preference && table->engine->preference->action == MEISHI_ACTION_PROMPT;
}

/* "Use a single match without asking", for hosts that took it before or for all. */
static gboolean
row_single_silent(Table *table)
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
row_not_interactive(Table *table)
{
    if (can_ask(table))
        return FALSE;
    ask(table, MEISHI_PROMPT_CHOOSE, best_strong(table));
    return TRUE;
}

/* A certificate for any site would make every site that asks optionally ask the person. */
static gboolean
row_optional(Table *table)
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
row_single(Table *table)
{
    if (table->decision->n_strong != 1)
        return FALSE;
    ask(table, MEISHI_PROMPT_SINGLE, best_strong(table));
    return TRUE;
}

static gboolean
row_several(Table *table)
{
    ask(table, MEISHI_PROMPT_CHOOSE, best_strong(table));
    return TRUE;
}

static const struct {
    const char *name;
    const char *text;
    gboolean (*applies)(Table *table);
} rows[] = {
    {"final", "the request is answered without looking at identities", row_final},
    {"select-one", "a rule selects, one identity fits", row_select_one},
    {"select-several", "a rule selects, several identities fit", row_select_several},
    {"select-missing", "a rule selects, no identity fits", row_select_missing},
    {"memory-none", "no certificate was chosen before", row_memory_none},
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

/* ---- putting it together ----------------------------------------------------------------------
 */

static gint
compare_verdicts(gconstpointer a, gconstpointer b, gpointer engine)
{
    return meishi_rank_compare(engine, a, b);
}

static void
take_verdicts(Table *table)
{
    MeishiDecision *decision = table->decision;
    MeishiEngine *engine = table->engine;

    decision->n_verdicts = engine->world.inventory->entries->len;
    decision->verdicts = g_steal_pointer(&engine->verdicts);
    for (guint i = 0; i < decision->n_verdicts; i++) {
        MeishiKind kind = decision->verdicts[i].kind;

        decision->n_strong += kind == MEISHI_KIND_OK;
        decision->n_soft += kind == MEISHI_KIND_SOFT;
    }
    g_qsort_with_data(decision->verdicts, (gint)decision->n_verdicts, sizeof(MeishiVerdict),
                      compare_verdicts, engine);
}

/* Memory is not asked where a locked rule speaks, nor where the target is unknown. */
static void
look_up_memory(Table *table, const MeishiChoice **ret_group_choice)
{
    const MeishiEngine *engine = table->engine;
    const MeishiRule *rule = engine->preference;

    if (engine->world.memory == NULL || table->request->host.kind == MEISHI_HOST_UNKNOWN)
        return;
    if (rule && rule->group)
        *ret_group_choice = meishi_memory_find_group(engine->world.memory, table->request,
                                                     rule->group, engine->world.now);
    if (rule == NULL || !rule->locked)
        table->choice = meishi_memory_find(engine->world.memory, table->request,
                                           &table->decision->limits, engine->world.now);
}

static void
judge_identities(Table *table)
{
    const MeishiChoice *group_choice = NULL;

    look_up_memory(table, &group_choice);
    meishi_filter_identities(table->engine);
    /* A rule that selects decides each time: what was remembered has no part in its order. */
    meishi_rank_verdicts(table->engine, is_select(table) ? NULL : table->choice, group_choice);
    take_verdicts(table);
}

static void
ask_rows(Table *table)
{
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (rows[i].applies(table)) {
            table->decision->row = rows[i].name;
            table->decision->row_text = rows[i].text;
            return;
        }
    }
}

/* What the answer refers to lives on after the engine. */
static void
settle(Table *table)
{
    MeishiDecision *decision = table->decision;

    if (decision->rule == NULL)
        decision->rule = table->engine->preference;
    if (decision->selected != G_MAXUINT)
        meishi_engine_limits(&table->engine->world, table->engine->rules, decision->selected,
                             &decision->limits);
    decision->paths = g_steal_pointer(&table->engine->paths);
    decision->rules = g_steal_pointer(&table->engine->rules);
}

MeishiDecision *
meishi_decide(const MeishiWorld *world, const MeishiRequest *request)
{
    MeishiDecision *decision = g_new0(MeishiDecision, 1);
    MeishiEngine engine;
    Table table = {.engine = &engine, .request = request, .decision = decision};

    decision->selected = decision->preselected = G_MAXUINT;
    meishi_engine_init(&engine, world, request);
    meishi_engine_limits(&engine.world, engine.rules, G_MAXUINT, &decision->limits);
    table.final = meishi_filter_request(&engine);
    if (table.final == MEISHI_CODE_OK)
        judge_identities(&table);
    ask_rows(&table);
    settle(&table);
    meishi_engine_clear(&engine);
    return decision;
}

void
meishi_decision_free(MeishiDecision *decision)
{
    if (decision == NULL)
        return;
    meishi_path_finder_free(decision->paths);
    g_clear_pointer(&decision->rules, g_array_unref);
    g_free(decision->verdicts);
    g_free(decision);
}

const MeishiVerdict *
meishi_decision_verdict(const MeishiDecision *decision, guint index)
{
    for (guint i = 0; i < decision->n_verdicts; i++) {
        if (decision->verdicts[i].index == index)
            return &decision->verdicts[i];
    }
    return NULL;
}

void
meishi_decision_limits(const MeishiDecision *decision, const MeishiWorld *world, guint index,
                       MeishiConstraints *ret_limits)
{
    meishi_engine_limits(world, decision->rules, index, ret_limits);
}

const char *
meishi_result_name(MeishiResult result)
{
    static const char *const names[] = {"selected",  "none",     "dismissed", "deferred", "denied",
                                        "timed-out", "no-agent", "cancelled", "prompt"};

    return result < G_N_ELEMENTS(names) ? names[result] : "unknown";
}

static int
compare_ids(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Parts end with a NUL, which none of them holds. */
static void
hash_text(GChecksum *sum, const char *text)
{
    g_checksum_update(sum, (const guchar *)(text ? text : ""), text ? (gssize)strlen(text) + 1 : 1);
}

char *
meishi_decision_coalesce_key(const MeishiDecision *decision, const MeishiWorld *world,
                             const MeishiRequest *request)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_autoptr(GPtrArray) ids = g_ptr_array_new();
    g_autofree char *port = g_strdup_printf("%u", request->port);

    for (guint i = 0; i < decision->n_strong + decision->n_soft; i++)
        g_ptr_array_add(
            ids,
            meishi_inventory_entry(world->inventory, decision->verdicts[i].index)->candidate->id);
    g_ptr_array_sort(ids, compare_ids);
    hash_text(sum, request->application);
    hash_text(sum, request->context);
    hash_text(sum, meishi_request_protocol_class(request));
    hash_text(sum, request->host.text);
    hash_text(sum, port);
    for (guint i = 0; i < ids->len; i++)
        hash_text(sum, g_ptr_array_index(ids, i));
    return g_strdup(g_checksum_get_string(sum));
}
