/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Choices without a question: `meishi choices` and its like.  What policy would not follow is
 * refused here and not taken silently, and the refusal names the rule.
 *
 * A choice for the session lives as long as the daemon, or until its context ends.  Locking the
 * vault does not end it: that is about keys, and a key that is locked cannot be used anyway.
 */
#include "daemon/agent/selector-private.h"

#include "daemon/agent/choice-diff.h"
#include "daemon/base/error.h"
#include "daemon/policy/explain.h"
#include "daemon/policy/rule-match.h"

/* ---- telling --------------------------------------------------------------------------------- */

GPtrArray *
meishi_selector_list_choices(MeishiAgent *agent)
{
    return meishi_choice_book_list(agent->choice_book, meishi_agent_now());
}

void
meishi_selector_tell_changes(MeishiAgent *agent, GPtrArray *before)
{
    g_autoptr(GPtrArray) now = meishi_selector_list_choices(agent);
    g_autoptr(GPtrArray) targets = meishi_choice_diff_find(before, now);

    g_signal_emit_by_name(agent, "choices-changed");
    for (guint i = 0; i < targets->len; i++) {
        const MeishiChangedTarget *target = g_ptr_array_index(targets, i);
        MeishiFlush flush = {.host = target->host, .port = target->port};

        g_signal_emit_by_name(agent, "flush-connections", &flush);
    }
}

/* ---- what policy says ------------------------------------------------------------------------ */

typedef struct {
    const MeishiChoiceSpec *spec;
    MeishiRequest *request;
    const MeishiWorld *world;
    MeishiDecision *decision;
    guint index; /* of the candidate; G_MAXUINT: none */
} Choosing;

static void
clear_choosing(Choosing *c)
{
    g_clear_pointer(&c->decision, meishi_decision_free);
    g_clear_pointer(&c->request, meishi_request_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Choosing, clear_choosing)

static gboolean
deny(GError **error, const MeishiRule *rule, const char *why)
{
    g_autofree char *who =
        rule != NULL ? meishi_explain_rule(rule) : g_strdup("the default of [Defaults]");

    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_DENIED, "Policy does not allow this: %s %s.", who,
                why);
    return FALSE;
}

static gboolean
speaks_of(const Choosing *c, const MeishiRuleFit *fit)
{
    if (fit->fit != MEISHI_FIT_YES)
        return FALSE;
    return fit->rule->conditions->len == 0 ||
           (c->index != G_MAXUINT &&
            meishi_rule_match_obstacle(fit->rule, c->world->inventory, c->index, c->world->now,
                                       0) == NULL);
}

/* The rule whose constraints are as strict as @limit in the one respect that @limit is about; NULL:
 * the defaults. */
static const MeishiRule *
find_strict(const Choosing *c, const MeishiConstraints *limit)
{
    for (guint i = 0; i < c->decision->rules->len; i++) {
        const MeishiRuleFit *fit = &g_array_index(c->decision->rules, MeishiRuleFit, i);
        const MeishiConstraints *said = &fit->rule->constraints;

        if (speaks_of(c, fit) && said->remember >= limit->remember && said->reach >= limit->reach &&
            said->per_application >= limit->per_application)
            return fit->rule;
    }
    return NULL;
}

static gboolean
check_limits(const Choosing *c, GError **error)
{
    static const MeishiRemember needed[] = {
        [MEISHI_SCOPE_ONCE] = MEISHI_REMEMBER_NONE,
        [MEISHI_SCOPE_SESSION] = MEISHI_REMEMBER_SESSION,
        [MEISHI_SCOPE_ALWAYS] = MEISHI_REMEMBER_ALWAYS,
    };
    MeishiConstraints limits;

    meishi_decision_limits(c->decision, c->world, c->index, &limits);
    if (limits.remember > needed[c->spec->scope]) {
        const MeishiConstraints limit = {.remember = limits.remember};

        return deny(error, find_strict(c, &limit),
                    limits.remember == MEISHI_REMEMBER_SESSION
                        ? "lets a choice be kept for a session at most"
                        : "lets no choice be kept");
    }
    if (limits.reach > c->spec->reach) {
        const MeishiConstraints limit = {.reach = limits.reach};

        return deny(error, find_strict(c, &limit),
                    limits.reach == MEISHI_REACH_HOST_PORT
                        ? "lets a choice be made for a host and port only"
                        : "lets a choice be made for a single host only");
    }
    if (limits.per_application && c->spec->application == NULL) {
        const MeishiConstraints limit = {.per_application = TRUE};

        return deny(error, find_strict(c, &limit), "lets a choice be made for one program only");
    }
    return TRUE;
}

static gboolean
check_identity(const Choosing *c, GError **error)
{
    const MeishiVerdict *verdict =
        c->index != G_MAXUINT ? meishi_decision_verdict(c->decision, c->index) : NULL;

    if (verdict == NULL || verdict->kind < MEISHI_KIND_HARD)
        return TRUE;
    if (verdict->rule != NULL)
        return deny(error, verdict->rule, "keeps this identity from this server");
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT,
                "This identity cannot be sent to a server: %s.",
                meishi_code_info(verdict->code)->text);
    return FALSE;
}

/* A choice that is never looked at must not seem to have been made.  Wider ones may still count at
 * other ports and hosts. */
static gboolean
check_rule(const Choosing *c, GError **error)
{
    const MeishiRule *rule = c->decision->rule;

    if (rule == NULL || c->spec->reach != MEISHI_REACH_HOST_PORT)
        return TRUE;
    if (c->decision->code == MEISHI_CODE_POLICY_NONE && c->spec->id != NULL)
        return deny(error, rule, "lets no certificate be sent there");
    if (rule->action == MEISHI_ACTION_SELECT)
        return deny(error, rule, "decides there each time, so that no choice is asked");
    if (meishi_rule_has_preference(rule) && rule->locked)
        return deny(error, rule, "is locked, so that no choice is asked");
    return TRUE;
}

/* ---- setting --------------------------------------------------------------------------------- */

/* The request that the choice would be asked for: of the program it is for, with nothing known of
 * the handshake. */
static MeishiRequest *
make_request(const MeishiChoiceSpec *spec, GError **error)
{
    g_autoptr(MeishiRequest) request = meishi_request_new();

    request->protocol = g_strdup(spec->protocol != NULL ? spec->protocol : "https");
    request->port = spec->reach == MEISHI_REACH_HOST_PORT ? spec->port : 0;
    request->context = g_strdup(spec->context != NULL ? spec->context : "");
    if (spec->application != NULL) {
        const char *names[] = {spec->application, NULL};

        request->application = g_strdup(spec->application);
        request->application_names = g_strdupv((char **)names);
        request->trust = MEISHI_TRUST_SANDBOX;
    }
    if (!meishi_host_parse(spec->host, &request->host, error) ||
        !meishi_request_check(request, error))
        return NULL;
    return g_steal_pointer(&request);
}

static gboolean
check_target(const MeishiChoiceSpec *spec, const MeishiRequest *request, GError **error)
{
    if (spec->reach == MEISHI_REACH_HOST_PORT && spec->port == 0 &&
        request->host.kind != MEISHI_HOST_SSID) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT,
                    "A choice for a host and port needs the port.");
        return FALSE;
    }
    if (spec->reach != MEISHI_REACH_DOMAIN || meishi_choice_domain_allowed(request->host.text))
        return TRUE;
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT,
                "“%s” is too wide: a choice for a domain needs a name of three labels or more, "
                "such as corp.example.com.",
                request->host.text);
    return FALSE;
}

static gboolean
find_candidate(Choosing *c, GError **error)
{
    c->index = G_MAXUINT;
    if (c->spec->id == NULL ||
        meishi_inventory_find_id(c->world->inventory, c->spec->id, &c->index))
        return TRUE;
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND, "There is no such identity.");
    return FALSE;
}

static MeishiChoice *
make_choice(const Choosing *c, gint64 now)
{
    const MeishiRule *rule = c->decision->rule;
    MeishiChoice *choice = meishi_choice_new(
        c->request, c->index != G_MAXUINT
                        ? meishi_inventory_entry(c->world->inventory, c->index)->candidate->lineage
                        : NULL);

    choice->reach = c->spec->reach;
    choice->scope = c->spec->scope;
    choice->group = rule != NULL ? g_strdup(rule->group) : NULL;
    choice->created = now;
    if (choice->scope == MEISHI_SCOPE_ONCE)
        choice->expires = now + MEISHI_CHOICE_ONCE_SECONDS;
    return choice;
}

gboolean
meishi_agent_choose(MeishiAgent *agent, const MeishiChoiceSpec *spec, gint64 *ret_id,
                    GError **error)
{
    g_auto(Choosing) c = {.spec = spec, .request = make_request(spec, error)};
    g_autoptr(GPtrArray) before = NULL;
    gint64 now = meishi_agent_now(), id;

    if (c.request == NULL || !check_target(spec, c.request, error))
        return FALSE;
    c.world = meishi_agent_world(agent);
    c.decision = meishi_decide(c.world, c.request);
    if (!find_candidate(&c, error) || !check_rule(&c, error) || !check_identity(&c, error) ||
        !check_limits(&c, error))
        return FALSE;
    before = meishi_selector_list_choices(agent);
    if (!meishi_choice_book_set(agent->choice_book, make_choice(&c, now), now, &id, error))
        return FALSE;
    if (ret_id != NULL)
        *ret_id = id;
    meishi_selector_tell_changes(agent, before);
    return TRUE;
}

/* ---- forgetting ------------------------------------------------------------------------------ */

gboolean
meishi_agent_forget(MeishiAgent *agent, const MeishiChoiceFilter *filter, guint *ret_count,
                    GError **error)
{
    const MeishiHeldFilter held = {
        .host = filter->host,
        .port = filter->port,
        .application = filter->application,
        .context = filter->context,
    };
    g_autoptr(GPtrArray) before = meishi_selector_list_choices(agent);

    if (!meishi_choice_book_forget(agent->choice_book, filter, meishi_agent_now(), ret_count,
                                   error))
        return FALSE;
    if (filter->id == 0 && filter->lineage == NULL)
        meishi_held_answers_drop(agent->selector->held, &held);
    meishi_selector_tell_changes(agent, before);
    return TRUE;
}

gboolean
meishi_agent_undo_forget(MeishiAgent *agent, guint *ret_count, GError **error)
{
    g_autoptr(GPtrArray) before = meishi_selector_list_choices(agent);

    if (!meishi_choice_book_undo(agent->choice_book, meishi_agent_now(), ret_count, error))
        return FALSE;
    meishi_selector_tell_changes(agent, before);
    return TRUE;
}

guint
meishi_agent_end_context(MeishiAgent *agent, const char *context)
{
    const MeishiHeldFilter held = {.context = context};
    g_autoptr(GPtrArray) before = meishi_selector_list_choices(agent);
    guint n = meishi_choice_book_end_context(agent->choice_book, context);

    meishi_held_answers_drop(agent->selector->held, &held);
    meishi_inquiry_end_context(agent, context);
    meishi_notify_end_context(agent, context);
    if (n > 0)
        meishi_selector_tell_changes(agent, before);
    return n;
}
