/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A decision from end to end: steps that end the request, verdicts about identities, their order,
 * then the table in decide-rows.c.
 */
#include "daemon/policy/decide.h"

#include "daemon/policy/decide-rows.h"

#include <string.h>

/* ---- putting it together ----------------------------------------------------------------------
 */

static gint
compare_verdicts(gconstpointer a, gconstpointer b, gpointer engine)
{
    return meishi_rank_compare(engine, a, b);
}

static void
take_verdicts(MeishiDecideTable *table)
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
look_up_memory(MeishiDecideTable *table, const MeishiChoice **ret_group_choice)
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
judge_identities(MeishiDecideTable *table)
{
    const MeishiChoice *group_choice = NULL;

    look_up_memory(table, &group_choice);
    meishi_filter_identities(table->engine);
    /* A rule that selects decides each time: what was remembered has no part in its order. */
    meishi_rank_verdicts(table->engine, meishi_decide_rows_is_select(table) ? NULL : table->choice,
                         group_choice);
    take_verdicts(table);
}

/* What the answer refers to lives on after the engine. */
static void
settle(MeishiDecideTable *table)
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
    MeishiDecideTable table = {.engine = &engine, .request = request, .decision = decision};

    decision->selected = decision->preselected = G_MAXUINT;
    meishi_engine_init(&engine, world, request);
    meishi_engine_limits(&engine.world, engine.rules, G_MAXUINT, &decision->limits);
    table.final = meishi_filter_request(&engine);
    if (table.final == MEISHI_CODE_OK)
        judge_identities(&table);
    meishi_decide_rows(&table);
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
