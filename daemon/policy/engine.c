/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Gathers what a request needs before its steps run: the rules that speak of its target, the one
 * that is asked, the schemes that the server offers.
 */
#include "daemon/policy/engine.h"

#include "daemon/policy/rule-match.h"

static void
clear_fit(gpointer data)
{
    MeishiRuleFit *fit = data;

    g_free(fit->of_issuer);
}

/* Which of the rules can do what; after this their array does not move any more. */
static void
sort_out_rules(MeishiEngine *engine)
{
    for (guint i = 0; i < engine->rules->len; i++) {
        MeishiRuleFit *fit = &g_array_index(engine->rules, MeishiRuleFit, i);

        if (fit->rule->action == MEISHI_ACTION_RESTRICT ||
            (fit->rule->constraints.forbid & MEISHI_FORBID_SOFTWARE_KEY))
            g_ptr_array_add(engine->restrictions, fit);
        engine->any_requirement |= fit->rule->constraints.require != 0;
        if (fit->rule == engine->preference)
            engine->preference_fit = fit;
    }
}

/* Step 3: constraints from every layer, one preference. */
static void
collect_rules(MeishiEngine *engine)
{
    const MeishiPolicySet *policy = engine->world.policy;
    g_autoptr(GArray) found = meishi_rule_set_lookup(policy, &engine->request->host);
    guint best_specific = 0;

    for (guint i = 0; i < found->len; i++) {
        MeishiRuleFit fit = {.rule =
                                 g_ptr_array_index(policy->rules, g_array_index(found, guint, i))};

        fit.fit = meishi_rule_match_target(fit.rule, engine->request, &fit.specific);
        if (fit.fit == MEISHI_FIT_NO)
            continue;
        g_array_append_val(engine->rules, fit);
        if (fit.fit != MEISHI_FIT_YES || !meishi_rule_has_preference(fit.rule))
            continue;
        if (engine->preference == NULL ||
            meishi_rule_match_order(fit.rule, fit.specific, engine->preference, best_specific) <
                0) {
            engine->preference = fit.rule;
            best_specific = fit.specific;
        }
    }
    sort_out_rules(engine);
}

static void
note_history(MeishiEngine *engine)
{
    GPtrArray *met = engine->world.memory
                         ? meishi_memory_find_history(engine->world.memory, engine->request)
                         : NULL;
    guint index;

    for (guint i = 0; met && i < met->len; i++) {
        const MeishiMet *one = g_ptr_array_index(met, i);

        if (meishi_inventory_find_id(engine->world.inventory, one->id, &index))
            engine->verdicts[index].history = &one->history;
    }
}

static GArray *
list_schemes(GArray *codes)
{
    GArray *list = g_array_new(FALSE, FALSE, sizeof(MeishiSchemes));

    for (guint i = 0; codes && i < codes->len; i++) {
        MeishiSchemes scheme = meishi_sigalg_from_code(g_array_index(codes, guint16, i));

        g_array_append_val(list, scheme);
    }
    return list;
}

void
meishi_engine_init(MeishiEngine *engine, const MeishiWorld *world, const MeishiRequest *request)
{
    *engine = (MeishiEngine){.world = *world, .request = request};
    engine->rules = g_array_new(FALSE, FALSE, sizeof(MeishiRuleFit));
    g_array_set_clear_func(engine->rules, clear_fit);
    engine->restrictions = g_ptr_array_new();
    engine->offered_order = list_schemes(request->sigalgs);
    engine->offered =
        request->sigalgs ? meishi_sigalg_from_list(request->sigalgs) : MEISHI_SCHEMES_ALL;
    engine->paths = meishi_path_finder_new(world->inventory, request, world->now);
    engine->verdicts = g_new0(MeishiVerdict, world->inventory->entries->len + 1);
    collect_rules(engine);
    note_history(engine);
}

void
meishi_engine_clear(MeishiEngine *engine)
{
    g_clear_pointer(&engine->rules, g_array_unref);
    g_clear_pointer(&engine->restrictions, g_ptr_array_unref);
    g_clear_pointer(&engine->offered_order, g_array_unref);
    g_clear_pointer(&engine->paths, meishi_path_finder_free);
    g_clear_pointer(&engine->verdicts, g_free);
}

gboolean
meishi_engine_fits(const MeishiEngine *engine, MeishiRuleFit *fit, guint index)
{
    const MeishiInventory *inventory = engine->world.inventory;
    guint group = meishi_inventory_entry(inventory, index)->group;

    if (fit->of_issuer == NULL)
        fit->of_issuer = g_new0(guint8, inventory->groups->len + 1);
    if (fit->of_issuer[group] == 0)
        fit->of_issuer[group] =
            meishi_rule_match_obstacle(fit->rule, inventory, index, engine->world.now,
                                       ~MEISHI_CONDITIONS_OF_ISSUER) == NULL
                ? 1
                : 2;
    return fit->of_issuer[group] == 1 &&
           meishi_rule_match_obstacle(fit->rule, inventory, index, engine->world.now,
                                      MEISHI_CONDITIONS_OF_ISSUER) == NULL;
}

/* What is required of a handshake is said of a place, and a place that is not known cannot be held
 * to it; everything else holds as if it were the place. */
static void
tighten(MeishiConstraints *limits, const MeishiRuleFit *fit)
{
    MeishiConstraints said = fit->rule->constraints;

    if (fit->fit != MEISHI_FIT_YES)
        said.require = 0;
    meishi_constraints_tighten(limits, &said);
}

static gboolean
speaks_of(const MeishiWorld *world, const MeishiRule *rule, guint index)
{
    if (rule->conditions->len == 0)
        return TRUE;
    return index != G_MAXUINT &&
           meishi_rule_match_obstacle(rule, world->inventory, index, world->now, 0) == NULL;
}

void
meishi_engine_limits(const MeishiWorld *world, GArray *rules, guint index,
                     MeishiConstraints *ret_limits)
{
    MeishiConstraints limits = {.remember = world->policy->defaults.remember};

    for (guint i = 0; i < rules->len; i++) {
        const MeishiRuleFit *fit = &g_array_index(rules, MeishiRuleFit, i);

        if (speaks_of(world, fit->rule, index))
            tighten(&limits, fit);
    }
    *ret_limits = limits;
}
