/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Visibility; see visible.h.  The same rules and the same steps as for a handshake, without those
 * that speak of one.  A constraint of a place that is not known holds as if it were the place.
 */
#include "daemon/policy/visible.h"

/* The strictest of all rules that speak of the identity. */
static MeishiConfirm
judge_confirm(const MeishiEngine *engine, GPtrArray *asking, guint index)
{
    MeishiConfirm confirm = MEISHI_CONFIRM_NEVER;

    for (guint i = 0; i < asking->len; i++) {
        MeishiRuleFit *fit = g_ptr_array_index(asking, i);

        if (fit->rule->constraints.confirm > confirm && meishi_engine_fits(engine, fit, index))
            confirm = fit->rule->constraints.confirm;
    }
    return confirm;
}

/* A program that takes the first that fits is to take what the rules select for it. */
static gboolean
is_selected(const MeishiEngine *engine, guint index)
{
    return engine->preference != NULL && engine->preference->action == MEISHI_ACTION_SELECT &&
           meishi_engine_fits(engine, engine->preference_fit, index);
}

/* The few rules that want somebody to be asked. */
static GPtrArray *
list_asking(MeishiEngine *engine)
{
    GPtrArray *asking = g_ptr_array_new();

    for (guint i = 0; i < engine->rules->len; i++) {
        MeishiRuleFit *fit = &g_array_index(engine->rules, MeishiRuleFit, i);

        if (fit->rule->constraints.confirm != MEISHI_CONFIRM_NEVER)
            g_ptr_array_add(asking, fit);
    }
    return asking;
}

static void
judge(MeishiEngine *engine, GArray *visibilities)
{
    g_autoptr(GPtrArray) asking = list_asking(engine);
    /* A denial comes before everything that a handshake could end with. */
    gboolean is_denied = meishi_filter_request(engine) == MEISHI_CODE_POLICY_NONE;

    if (!is_denied)
        meishi_filter_withheld(engine);
    for (guint i = 0; i < visibilities->len; i++) {
        MeishiVisibility *visibility = &g_array_index(visibilities, MeishiVisibility, i);

        visibility->code = is_denied ? MEISHI_CODE_POLICY_NONE : engine->verdicts[i].code;
        visibility->rule = is_denied ? engine->final_rule : engine->verdicts[i].rule;
        visibility->confirm = judge_confirm(engine, asking, i);
        visibility->selected = visibility->code == MEISHI_CODE_OK && is_selected(engine, i);
    }
}

GArray *
meishi_visible_judge(const MeishiWorld *world, const MeishiRequest *request)
{
    GArray *visibilities = g_array_new(FALSE, TRUE, sizeof(MeishiVisibility));
    MeishiEngine engine;

    g_array_set_size(visibilities, world->inventory->entries->len);
    meishi_engine_init(&engine, world, request);
    judge(&engine, visibilities);
    meishi_engine_clear(&engine);
    return visibilities;
}
