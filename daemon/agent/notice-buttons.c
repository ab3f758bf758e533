/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the buttons of a notice do.  Pressing one is the person's act: the question is put even
 * where it was put off a moment ago.  Nobody waits for it, and what is answered is remembered as
 * the person says.
 */
#include "daemon/agent/notify-private.h"

#include "daemon/agent/selector-private.h"

#define OPEN_SECONDS 600 /* how long an explanation stays */

guint
meishi_notice_buttons(MeishiAgent *agent, gboolean is_open)
{
    guint actions = 0;

    if (is_open && meishi_prompters_available(agent->prompters, "choose"))
        actions |= MEISHI_NOTICE_CHOOSE;
    if (meishi_prompters_available(agent->prompters, "explain"))
        actions |= MEISHI_NOTICE_EXPLAIN;
    return actions;
}

/* A program that worked in private and has ended wants nothing for the next time, and where it was
 * is nobody's business any more. */
static gboolean
is_bygone(const MeishiNotice *notice)
{
    return meishi_request_is_private(notice->call->request) &&
           !meishi_application_is_alive(notice->call->application);
}

static void
choose(MeishiAgent *agent, const MeishiNotice *notice)
{
    g_autoptr(MeishiSelectCall) call = meishi_select_call_copy(notice->call);
    g_autoptr(MeishiDecision) decision = NULL;
    g_autofree char *key = NULL;

    meishi_request_free(call->request);
    call->request = meishi_notify_in_person(notice->call->request);
    call->timeout_ms = OPEN_SECONDS * 1000;
    call->is_for_later = TRUE;
    key = meishi_selector_target_key(call->request);
    meishi_quiet_end(agent->selector->quiet, key);
    decision = meishi_decide(meishi_agent_world(agent), call->request);
    if (decision->result == MEISHI_RESULT_PROMPT)
        meishi_inquiry_ask_for_later(agent, g_steal_pointer(&call), decision);
}

/* There is nothing to answer, and the agent may have ended. */
static void
on_explained(GObject *source, GAsyncResult *result, gpointer unused)
{
    g_autoptr(GVariant) answer = NULL;
    g_autoptr(GError) error = NULL;
    MeishiReply reply;

    if (!meishi_prompters_ask_finish(result, &reply, &answer, &error))
        g_debug("an explanation was not read to its end: %s", error->message);
    else if (reply == MEISHI_REPLY_NOBODY)
        g_debug("nobody is there to show an explanation; `meishi why` says the same");
}

/* As it was decided for the program, and not as it would be for the person. */
static void
explain(MeishiAgent *agent, const MeishiNotice *notice)
{
    const MeishiSelectCall *call = notice->call;
    const MeishiAsker asker = {
        .application = call->application,
        .has_window = TRUE,
        .has_acted = TRUE,
    };
    const MeishiWorld *world = meishi_agent_world(agent);
    g_autoptr(MeishiDecision) decision = meishi_decide(world, call->request);
    GVariant *question =
        meishi_question_facts_explain(call, decision, world, meishi_agent_now() + OPEN_SECONDS);

    meishi_prompters_ask_async(agent->prompters, &asker, "explain", question, OPEN_SECONDS * 1000,
                               NULL, on_explained, NULL);
}

void
meishi_notice_press(MeishiAgent *agent, const MeishiNotice *notice, MeishiNoticeAction action)
{
    if (notice->call == NULL || is_bygone(notice))
        return;
    if (action == MEISHI_NOTICE_CHOOSE)
        choose(agent, notice);
    else
        explain(agent, notice);
}
