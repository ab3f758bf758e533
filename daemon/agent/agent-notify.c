/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is worth telling a person who did not ask (specification 3.5, last row, and 3.7): a program
 * that went without a certificate because nobody could be asked, a certificate that a server
 * refused.  Nothing is told that policy silences, that the person could not change, or that has
 * settled itself; a notice is closed when its matter is.
 *
 * A host that a program visits in private leaves nothing behind: its notice names no host (the
 * words see to that) and ends with the context.
 */
#include "daemon/agent/notify-private.h"

#include "daemon/agent/selector-private.h"

MeishiRequest *
meishi_notify_in_person(const MeishiRequest *request)
{
    MeishiRequest *asked = meishi_request_copy(request);

    asked->interactive = TRUE;
    asked->user_activation = TRUE;
    asked->purpose = MEISHI_PURPOSE_NAVIGATION;
    return asked;
}

/* Borrows from the world and from @request; for this turn. */
static MeishiDecision *
decide(MeishiAgent *agent, const MeishiRequest *request)
{
    return meishi_decide(meishi_agent_world(agent), request);
}

static gboolean
is_silenced(MeishiAgent *agent)
{
    return meishi_agent_world(agent)->policy->defaults.no_notice;
}

/* ---- telling --------------------------------------------------------------------------------- */

/* Before anything is decided for it: a program may come fifty times in a second. */
static gboolean
has_room(MeishiAgent *agent, const MeishiNotice *notice)
{
    return meishi_notices_has_room(agent->notifying->notices, notice, meishi_agent_now()) &&
           !is_silenced(agent);
}

static void
offer(MeishiAgent *agent, MeishiNotice *notice)
{
    notice->actions = meishi_notice_buttons(agent, notice->is_open);
    (void)!meishi_notices_offer(agent->notifying->notices, notice, meishi_agent_now());
}

void
meishi_notify_needs_user(MeishiAgent *agent, const MeishiSelectCall *call)
{
    g_autoptr(MeishiNotice) notice = meishi_notice_new(MEISHI_NOTICE_NEEDS_USER);
    g_autoptr(MeishiRequest) asked = NULL;
    g_autoptr(MeishiDecision) decision = NULL;

    notice->call = meishi_select_call_copy(call);
    if (call->is_for_later || !has_room(agent, notice))
        return;
    /* Where it could not be asked either, there is nothing to choose. */
    asked = meishi_notify_in_person(call->request);
    decision = decide(agent, asked);
    notice->is_open = decision->result == MEISHI_RESULT_PROMPT;
    if (notice->is_open && !decision->limits.no_notice)
        offer(agent, g_steal_pointer(&notice));
}

/* FALSE where a rule silences it, or where something else is sent the next time anyway. */
static gboolean
is_worth_telling(MeishiAgent *agent, MeishiNotice *notice)
{
    const MeishiWorld *world = meishi_agent_world(agent);
    g_autoptr(MeishiRequest) asked = meishi_notify_in_person(notice->call->request);
    g_autoptr(MeishiDecision) decision = decide(agent, asked);
    MeishiConstraints limits;
    guint index;

    if (!meishi_inventory_find_id(world->inventory, notice->identity, &index) ||
        decision->result == MEISHI_RESULT_SELECTED)
        return FALSE;
    meishi_decision_limits(decision, world, index, &limits);
    notice->label = g_strdup(meishi_inventory_entry(world->inventory, index)->candidate->label);
    notice->is_open = decision->result == MEISHI_RESULT_PROMPT;
    return !limits.no_notice;
}

void
meishi_notify_refused(MeishiAgent *agent, const MeishiSelection *selection, guint8 alert)
{
    g_autoptr(MeishiNotice) notice = meishi_notice_new(MEISHI_NOTICE_REFUSED);
    const MeishiSelectCall call = {
        .request = selection->request,
        .application = selection->application,
    };

    notice->call = meishi_select_call_copy(&call);
    notice->identity = g_strdup(selection->identity);
    notice->alert = alert;
    if (has_room(agent, notice) && is_worth_telling(agent, notice))
        offer(agent, g_steal_pointer(&notice));
}

/* ---- what is over ---------------------------------------------------------------------------- */

static gboolean
is_settled(const MeishiNotice *notice, gpointer user_data)
{
    MeishiAgent *agent = user_data;
    g_autoptr(MeishiRequest) asked = NULL;
    g_autoptr(MeishiDecision) decision = NULL;

    if (is_silenced(agent))
        return TRUE;
    if (notice->kind == MEISHI_NOTICE_EXPIRING)
        return meishi_expiry_watch_is_over(agent->notifying->expiry, notice);
    asked = meishi_notify_in_person(notice->call->request);
    decision = decide(agent, asked);
    return decision->result == MEISHI_RESULT_SELECTED ||
           (notice->is_open && decision->result != MEISHI_RESULT_PROMPT);
}

static gboolean
on_review(gpointer user_data)
{
    MeishiNotifying *notifying = user_data;

    notifying->review_source = 0;
    meishi_notices_close_if(notifying->notices, is_settled, notifying->agent);
    meishi_expiry_watch_check(notifying->expiry);
    return G_SOURCE_REMOVE;
}

static void
plan_review(MeishiAgent *agent)
{
    MeishiNotifying *notifying = agent->notifying;

    if (notifying->review_source == 0 && meishi_notices_can_show(notifying->notices))
        notifying->review_source = g_idle_add(on_review, notifying);
}

static gboolean
is_of_context(const MeishiNotice *notice, gpointer context)
{
    const char *own = notice->call != NULL ? notice->call->request->context : NULL;

    return own != NULL && own[0] != '\0' && (context == NULL || g_str_equal(own, context));
}

void
meishi_notify_end_context(MeishiAgent *agent, const char *context)
{
    meishi_notices_close_if(agent->notifying->notices, is_of_context, (gpointer)context);
}

/* ---- the agent's part ------------------------------------------------------------------------ */

static void
on_attached(gpointer user_data)
{
    meishi_expiry_watch_check_soon(((MeishiNotifying *)user_data)->expiry);
}

static void
on_came(gpointer user_data)
{
    plan_review(((MeishiNotifying *)user_data)->agent);
}

static void
on_shown(const MeishiNotice *notice, gpointer user_data)
{
    if (notice->kind == MEISHI_NOTICE_EXPIRING)
        meishi_expiry_watch_shown(((MeishiNotifying *)user_data)->expiry, notice);
}

static void
on_act(const MeishiNotice *notice, MeishiNoticeAction action, gpointer user_data)
{
    meishi_notice_press(((MeishiNotifying *)user_data)->agent, notice, action);
}

MeishiNotifying *
meishi_notifying_new(MeishiAgent *agent)
{
    static const char *const changes[] = {"choices-changed", "policy-reloaded", "identity-added",
                                          "identity-changed", "identity-removed"};
    MeishiNotifying *notifying = g_new0(MeishiNotifying, 1);
    const MeishiNoticesUser user = {on_attached, on_came, on_shown, on_act, notifying};

    notifying->agent = agent;
    notifying->notices = meishi_notices_new(&user);
    notifying->expiry = meishi_expiry_watch_new(agent, notifying->notices);
    for (gsize i = 0; i < G_N_ELEMENTS(changes); i++)
        g_signal_connect(agent, changes[i], G_CALLBACK(plan_review), NULL);
    return notifying;
}

void
meishi_notifying_free(MeishiNotifying *notifying)
{
    if (notifying == NULL)
        return;
    g_clear_handle_id(&notifying->review_source, g_source_remove);
    meishi_expiry_watch_free(notifying->expiry);
    meishi_notices_free(notifying->notices);
    g_free(notifying);
}

MeishiNotices *
meishi_agent_notices(MeishiAgent *agent)
{
    return agent->notifying->notices;
}
