/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What comes after a selection: the program is bound to it, or says how its handshake ended.  A
 * selection is known by its id to the process that it was made for, and to nobody else.
 */
#include "daemon/agent/selector-private.h"

#include "daemon/agent/hint-file.h"
#include "daemon/base/error.h"

gboolean
meishi_agent_bind(MeishiAgent *agent, MeishiApplication *application, const char *selection_id,
                  GError **error)
{
    const MeishiSelection *selection = meishi_selection_log_find(
        agent->selector->log, application, selection_id, meishi_agent_now(), error);

    if (selection == NULL)
        return FALSE;
    if (!meishi_application_is_alive(application)) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_DENIED,
                    "The kernel does not show this process, so nothing can be bound to it.");
        return FALSE;
    }
    if (meishi_agent_hint(agent, MEISHI_HINT_BOUND, application, selection->request,
                          selection->identity))
        return meishi_hint_file_save(agent->hints, error);
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_BUSY,
                "Too many programs are bound to an identity at the same time; end some of them.");
    return FALSE;
}

/* What a person said a moment ago led to nothing good: the next time it is asked again. */
static void
drop_held(MeishiAgent *agent, const MeishiRequest *request)
{
    const MeishiHeldFilter filter = {
        .host = request->host.text,
        .port = request->port,
        .application = request->application,
    };

    meishi_held_answers_drop(agent->selector->held, &filter);
}

static gboolean
learn(MeishiAgent *agent, const MeishiSelection *selection, const MeishiMeeting *meeting,
      GError **error)
{
    gboolean is_bad =
        meeting->class != MEISHI_OUTCOME_CLASS_GOOD && meeting->class != MEISHI_OUTCOME_CLASS_LOCAL;
    g_autoptr(GPtrArray) before = is_bad ? meishi_selector_list_choices(agent) : NULL;

    if (!meishi_choice_book_report(agent->choice_book, meeting, meishi_agent_now(), error))
        return FALSE;
    if (meishi_rulebook_set(agent->rulebook)->roles->len > 0)
        meishi_agent_announce_view(agent); /* a role passes over what its place has refused */
    if (is_bad) {
        drop_held(agent, selection->request);
        meishi_selector_tell_changes(agent, before);
    }
    if (meeting->class == MEISHI_OUTCOME_CLASS_STRONG && selection->identity != NULL)
        meishi_notify_refused(agent, selection, meeting->alert);
    return TRUE;
}

gboolean
meishi_agent_report(MeishiAgent *agent, MeishiApplication *application, const char *selection_id,
                    const MeishiReport *report, GError **error)
{
    const MeishiSelection *selection = meishi_selection_log_find(
        agent->selector->log, application, selection_id, meishi_agent_now(), error);
    MeishiMeeting meeting;

    if (selection == NULL)
        return FALSE;
    meeting = (MeishiMeeting){
        .request = selection->request,
        .id = selection->identity,
        .choice_id = selection->choice_id,
        .class =
            meishi_outcome_classify(report->outcome, report->alert, selection->identity == NULL),
        .alert = report->outcome == MEISHI_OUTCOME_ALERT ? report->alert : 0,
    };
    if (!learn(agent, selection, &meeting, error))
        return FALSE;
    if (report->outcome == MEISHI_OUTCOME_SIGN_FAILED) {
        drop_held(agent, selection->request);
        (void)meishi_choice_book_ask_once(agent->choice_book, selection->choice_id, TRUE);
    }
    return TRUE;
}
