/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A person's answer: whether it can be given, and what is kept of it.  A prompter is offered what
 * policy allows, but it is held to it here: what goes beyond is cut down, not refused, because the
 * person has chosen and is not to choose again.
 *
 * What is kept for two minutes only and for nobody else is no choice but a held answer: for a
 * connection group, for a soft identity (which the engine never takes without a person's word), and
 * for a program without a name, since a choice without one would be for all programs.
 */
#include "daemon/agent/selector-private.h"

gboolean
meishi_selector_can_take(const MeishiDecision *decision, const MeishiWorld *world, const char *id,
                         guint *ret_index)
{
    const MeishiVerdict *verdict;
    guint index = G_MAXUINT;

    if (id != NULL) {
        if (!meishi_inventory_find_id(world->inventory, id, &index))
            return FALSE;
        verdict = meishi_decision_verdict(decision, index);
        if (verdict == NULL || verdict->kind > MEISHI_KIND_SOFT)
            return FALSE;
    }
    *ret_index = index;
    return TRUE;
}

void
meishi_selector_take(MeishiDecision *decision, const MeishiWorld *world, guint index)
{
    decision->result = index != G_MAXUINT ? MEISHI_RESULT_SELECTED : MEISHI_RESULT_NONE;
    decision->code = MEISHI_CODE_OK;
    decision->row = "person";
    decision->row_text = "a person chose";
    decision->prompt = MEISHI_PROMPT_NONE;
    decision->selected = index;
    decision->choice = NULL;
    meishi_decision_limits(decision, world, index, &decision->limits);
}

/* ---- choices --------------------------------------------------------------------------------- */

/* What is made of what was said. */
typedef struct {
    const MeishiPersonAnswer *said;
    const MeishiRequest *request;
    const MeishiDecision *decision;
    const MeishiCandidate *candidate; /* NULL: none */
    gboolean is_soft;
    MeishiConstraints limits;
} Settlement;

static MeishiScope
limit_scope(const Settlement *s)
{
    static const MeishiScope widest[] = {
        [MEISHI_REMEMBER_ALWAYS] = MEISHI_SCOPE_ALWAYS,
        [MEISHI_REMEMBER_SESSION] = MEISHI_SCOPE_SESSION,
        [MEISHI_REMEMBER_NONE] = MEISHI_SCOPE_ONCE,
    };

    return MIN(s->said->scope, widest[s->limits.remember]);
}

static void
set_reach(MeishiChoice *choice, const Settlement *s)
{
    MeishiReach reach = MAX(s->said->reach, s->limits.reach);
    g_autofree char *domain =
        reach == MEISHI_REACH_DOMAIN ? meishi_question_facts_domain(&s->request->host) : NULL;

    if (reach == MEISHI_REACH_DOMAIN && domain == NULL)
        reach = MEISHI_REACH_HOST;
    choice->reach = reach;
    if (reach != MEISHI_REACH_HOST_PORT)
        choice->port = 0;
    if (domain != NULL) {
        g_free(choice->host);
        choice->host = g_steal_pointer(&domain);
    }
}

static gboolean
is_for_any_application(const Settlement *s)
{
    return s->said->any_application && !s->limits.per_application;
}

static MeishiChoice *
make_choice(const Settlement *s, gint64 now)
{
    const MeishiRule *rule = s->decision->rule;
    MeishiChoice *choice =
        meishi_choice_new(s->request, s->candidate != NULL ? s->candidate->lineage : NULL);

    set_reach(choice, s);
    choice->scope = limit_scope(s);
    choice->group = rule != NULL ? g_strdup(rule->group) : NULL;
    choice->created = now;
    if (choice->scope == MEISHI_SCOPE_ONCE)
        choice->expires = now + MEISHI_CHOICE_ONCE_SECONDS;
    if (is_for_any_application(s))
        g_clear_pointer(&choice->application, g_free);
    return choice;
}

/* Where there is no room for it on the disk, it holds for as long as the daemon runs. */
static gint64
set_choice(MeishiAgent *agent, const Settlement *s, gint64 now)
{
    g_autoptr(GPtrArray) before = meishi_selector_list_choices(agent);
    MeishiChoice *choice = make_choice(s, now);
    g_autoptr(MeishiChoice) spare = meishi_choice_copy(choice);
    g_autoptr(GError) error = NULL;
    gint64 id = 0;

    if (!meishi_choice_book_set(agent->choice_book, choice, now, &id, &error)) {
        g_debug("What was chosen cannot be kept for longer than this session: %s", error->message);
        spare->scope = MIN(spare->scope, MEISHI_SCOPE_SESSION);
        if (!meishi_choice_book_set(agent->choice_book, g_steal_pointer(&spare), now, &id, NULL))
            return 0;
    }
    meishi_selector_tell_changes(agent, before);
    return id;
}

/* ---- held answers ---------------------------------------------------------------------------- */

/* For each group among the callers; TRUE where all of them belong to one and are there to hear. */
static gboolean
hold_for_groups(MeishiAgent *agent, GPtrArray *waiters, const char *key, const char *id, gint64 now)
{
    gboolean is_all = TRUE;

    for (guint i = 0; i < waiters->len; i++) {
        const MeishiWaiter *waiter = g_ptr_array_index(waiters, i);
        g_autofree char *group_key = meishi_selector_group_key(waiter->call, key);

        /* Who timed out may try again in another group. */
        is_all = is_all && group_key != NULL && waiter->task != NULL;
        if (group_key != NULL)
            meishi_held_answers_add(agent->selector->held, group_key, waiter->call->request, id,
                                    now);
    }
    return is_all;
}

static gint64
keep(MeishiAgent *agent, GPtrArray *waiters, const Settlement *s, const char *key)
{
    gint64 now = meishi_agent_now();
    gboolean is_grouped = hold_for_groups(agent, waiters, key, s->said->id, now);
    gboolean is_nameless = s->request->application == NULL && !is_for_any_application(s);

    if (is_nameless || s->is_soft)
        meishi_held_answers_add(agent->selector->held, key, s->request, s->said->id, now);
    if (is_nameless || (limit_scope(s) == MEISHI_SCOPE_ONCE && (is_grouped || s->is_soft)))
        return 0;
    return set_choice(agent, s, now);
}

gint64
meishi_selector_remember(MeishiAgent *agent, GPtrArray *waiters, const MeishiPersonAnswer *said)
{
    const MeishiWorld *world = meishi_agent_world(agent);
    const MeishiWaiter *first = g_ptr_array_index(waiters, 0);
    const MeishiRequest *request = first->call->request;
    g_autoptr(MeishiDecision) decision = meishi_decide(world, request);
    Settlement s = {.said = said, .request = request, .decision = decision};
    g_autofree char *key = NULL;
    guint index;

    if (decision->result != MEISHI_RESULT_PROMPT ||
        !meishi_selector_can_take(decision, world, said->id, &index))
        return 0;
    if (index != G_MAXUINT) {
        s.candidate = meishi_inventory_entry(world->inventory, index)->candidate;
        s.is_soft = meishi_decision_verdict(decision, index)->kind == MEISHI_KIND_SOFT;
    }
    meishi_decision_limits(decision, world, index, &s.limits);
    key = meishi_decision_coalesce_key(decision, world, request);
    return keep(agent, waiters, &s, key);
}
