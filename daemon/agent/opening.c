/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Who waits for a lock, and whether anybody is asked; see opening.h.  What is asked, and what comes
 * of it, is in opening-ask.c.
 */
#include "daemon/agent/opening-private.h"

#include "daemon/base/error.h"

#define QUIET_KEY "" /* there is one lock */

/* What opens for one use is locked for the next one. */
MeishiLockFacts
meishi_opening_look(const MeishiOpening *opening)
{
    MeishiLockFacts facts = {.state = MEISHI_LOCK_LOCKED};

    opening->class->look(opening->lock, &facts);
    if (facts.each_use && facts.state == MEISHI_LOCK_OPEN)
        facts.state = MEISHI_LOCK_LOCKED;
    return facts;
}

/* ---- who waits ------------------------------------------------------------------------------- */

static void
call_free(gpointer data)
{
    MeishiOpeningCaller *call = data;

    meishi_application_unref(call->application);
    g_free(call->id);
    g_free(call->label);
    g_free(call);
}

static MeishiOpeningCaller *
call_new(const MeishiOpeningCall *given)
{
    MeishiOpeningCaller *call = g_new0(MeishiOpeningCaller, 1);
    const MeishiIdentity *identity = given->identity;

    call->application = meishi_application_ref(given->application);
    call->id = identity != NULL ? meishi_identity_id(identity) : g_strdup("");
    call->label = g_strdup(identity != NULL ? identity->label : "");
    return call;
}

/* A secret that is being tried is tried to its end, since it was meant to open the lock; a reader
 * does not go on waiting for one. */
static void
on_deserted(gpointer data)
{
    MeishiOpeningAsking *asking = data;

    if (asking->question == NULL)
        return;
    asking->is_closed = TRUE;
    g_cancellable_cancel(asking->question);
}

static MeishiOpeningAsking *
asking_new(MeishiOpening *opening)
{
    MeishiOpeningAsking *asking = g_new0(MeishiOpeningAsking, 1);

    asking->opening = opening;
    opening->class->ref(opening->lock);
    asking->agent = g_object_ref(opening->agent);
    asking->crowd = meishi_crowd_new(on_deserted, asking);
    g_ptr_array_add(opening->askings, asking);
    return asking;
}

void
meishi_opening_asking_free(MeishiOpeningAsking *asking)
{
    MeishiOpening *opening = asking->opening;
    const MeishiLockClass *class = opening->class;
    gpointer lock = opening->lock;
    MeishiAgent *agent = asking->agent;

    g_ptr_array_remove(opening->askings, asking);
    meishi_crowd_free(asking->crowd);
    meishi_secret_answer_clear(&asking->answer);
    g_clear_error(&asking->failure);
    g_free(asking);
    class->unref(lock); /* and with it, perhaps, @opening */
    g_object_unref(agent);
}

/* ---- the calls ------------------------------------------------------------------------------- */

MeishiOpening *
meishi_opening_new(MeishiAgent *agent, const MeishiLockClass *class, gpointer lock)
{
    MeishiOpening *opening = g_new0(MeishiOpening, 1);

    opening->agent = agent;
    opening->class = class;
    opening->lock = lock;
    opening->quiet = meishi_quiet_new();
    opening->askings = g_ptr_array_new();
    return opening;
}

void
meishi_opening_be_quiet(MeishiOpening *opening)
{
    meishi_quiet_dismissed(opening->quiet, QUIET_KEY, meishi_agent_now());
}

void
meishi_opening_free(MeishiOpening *opening)
{
    if (opening == NULL)
        return;
    meishi_quiet_free(opening->quiet);
    g_ptr_array_unref(opening->askings);
    g_free(opening);
}

static MeishiOpeningAsking *
find_joinable(const MeishiOpening *opening, const MeishiLockFacts *facts)
{
    for (guint i = 0; i < opening->askings->len && !facts->each_use; i++) {
        MeishiOpeningAsking *asking = g_ptr_array_index(opening->askings, i);

        if (!asking->is_closed)
            return asking;
    }
    return NULL;
}

/* Why nobody is asked; NULL where somebody may be. */
static GError *
find_obstacle(MeishiOpening *opening, const MeishiLockFacts *facts,
              const MeishiApplication *application)
{
    const MeishiLockClass *class = opening->class;
    GError *error = NULL;

    if (facts->state == MEISHI_LOCK_GONE)
        return class->new_refusal(opening->lock, "it is not there any more");
    if (facts->tries == MEISHI_LOCK_TRIES_NONE)
        return class->new_refusal(opening->lock, MEISHI_OPENING_WHY_BLOCKED);
    if (meishi_quiet_holds(opening->quiet, QUIET_KEY, meishi_agent_now()))
        return class->new_refusal(opening->lock, "the person does not want to be asked now");
    (void)!meishi_prompters_check_room(opening->agent->prompters, class->kind, application, &error);
    return error;
}

void
meishi_opening_ask_async(MeishiOpening *opening, const MeishiOpeningCall *call,
                         GCancellable *cancellable, GAsyncReadyCallback callback,
                         gpointer user_data)
{
    g_autoptr(GTask) task = g_task_new(opening->agent, cancellable, callback, user_data);
    MeishiLockFacts facts = meishi_opening_look(opening);
    MeishiOpeningAsking *asking = find_joinable(opening, &facts);
    GError *error;

    g_task_set_task_data(task, call_new(call), call_free);
    if (facts.state == MEISHI_LOCK_OPEN) {
        g_task_return_boolean(task, TRUE);
    } else if (asking != NULL) {
        meishi_crowd_join(asking->crowd, task);
    } else if ((error = find_obstacle(opening, &facts, call->application)) != NULL) {
        g_task_return_error(task, error);
    } else {
        asking = asking_new(opening);
        meishi_crowd_join(asking->crowd, task);
        meishi_opening_begin(asking);
    }
}

gboolean
meishi_opening_ask_finish(GAsyncResult *result, GError **error)
{
    return g_task_propagate_boolean(G_TASK(result), error);
}

/* Has the question of @asking another meaning by now, or none? */
static gboolean
is_outdated(const MeishiOpeningAsking *asking, const MeishiLockFacts *facts)
{
    return facts->state != MEISHI_LOCK_LOCKED || facts->tries != asking->asked.tries ||
           facts->is_pad != asking->asked.is_pad;
}

void
meishi_opening_look_again(MeishiOpening *opening)
{
    MeishiLockFacts facts = meishi_opening_look(opening);
    g_autoptr(GPtrArray) askings = g_ptr_array_copy(opening->askings, NULL, NULL);
    const MeishiLockClass *class = opening->class;
    gpointer lock = class->ref(opening->lock);

    if (facts.state == MEISHI_LOCK_OPEN)
        meishi_quiet_end(opening->quiet, QUIET_KEY); /* the person has acted */
    for (guint i = 0; i < askings->len; i++) {
        MeishiOpeningAsking *asking = g_ptr_array_index(askings, i);

        if (asking->question == NULL || !is_outdated(asking, &facts))
            continue;
        asking->is_outdated = TRUE;
        meishi_prompters_withdraw(opening->agent->prompters, asking->question);
    }
    class->unref(lock); /* and with it, perhaps, @opening */
}
