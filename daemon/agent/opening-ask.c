/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * An asking, from its first question to its end; see opening.h.  At a reader with keys of its own
 * the question is what says so, and the lock is tried while it is shown: whichever of the two ends
 * first ends the other.
 *
 * Invariant: an asking goes on, in go_on(), only when neither its question nor its attempt is under
 * way.
 */
#include "daemon/agent/opening-private.h"

#include "daemon/agent/question-facts.h"
#include "daemon/base/error.h"

#include <string.h>

#define ASKING_TIMEOUT_MS 60000
#define MAX_TRIES         3 /* of one asking, however many the lock takes */

/* ---- the end --------------------------------------------------------------------------------- */

/* @error: NULL where it is open. */
static void
finish(MeishiOpeningAsking *asking, const GError *error)
{
    asking->is_closed = TRUE;
    meishi_crowd_tell(asking->crowd, error);
    meishi_opening_asking_free(asking);
}

static void
refuse(MeishiOpeningAsking *asking, const char *why)
{
    const MeishiOpening *opening = asking->opening;
    g_autoptr(GError) error = opening->class->new_refusal(opening->lock, why);

    finish(asking, error);
}

/* ---- the question ---------------------------------------------------------------------------- */

/* Of the first who still waits: the question is named after it. */
static const MeishiOpeningCaller *
first_call(const MeishiOpeningAsking *asking)
{
    return g_task_get_task_data(meishi_crowd_first(asking->crowd));
}

static const char *
tries_name(MeishiLockTries tries)
{
    static const char *const names[] = {
        [MEISHI_LOCK_TRIES_ENOUGH] = "enough",
        [MEISHI_LOCK_TRIES_FEW] = "few",
        [MEISHI_LOCK_TRIES_LAST] = "last",
        [MEISHI_LOCK_TRIES_NONE] = "last", /* is not asked about */
    };

    return names[tries];
}

/* Is the reader to wait for the secret while the question is shown? */
static gboolean
tries_at_reader(const MeishiOpeningAsking *asking, const MeishiLockFacts *facts)
{
    return facts->is_pad && (facts->tries != MEISHI_LOCK_TRIES_LAST || asking->has_consent);
}

static void
add_pin(GVariantDict *dict, const MeishiOpeningAsking *asking)
{
    const MeishiLockFacts *asked = &asking->asked;
    const MeishiOpeningCaller *call = first_call(asking);

    g_variant_dict_insert_value(dict, "token", meishi_question_facts_text(asked->token));
    g_variant_dict_insert_value(dict, "reader", meishi_question_facts_text(asked->reader));
    g_variant_dict_insert(dict, "id", "s", call->id);
    g_variant_dict_insert(dict, "label", "s", call->label);
    g_variant_dict_insert(dict, "tries", "s", tries_name(asked->tries));
    g_variant_dict_insert(dict, "pad", "b", asked->is_pad);
    g_variant_dict_insert(dict, "trying", "b", tries_at_reader(asking, asked));
    g_variant_dict_insert(dict, "min-length", "u", asked->min_length);
    g_variant_dict_insert(dict, "max-length", "u", asked->max_length);
    g_variant_dict_insert(dict, "each-use", "b", asked->each_use);
}

static GVariant *
describe(const MeishiOpeningAsking *asking)
{
    const MeishiApplication *application = first_call(asking)->application;
    gint64 now = meishi_agent_now();
    GVariantDict dict;

    g_variant_dict_init(&dict, NULL);
    meishi_question_facts_add_program(&dict, application,
                                      meishi_hints_find(asking->agent->hints, application, now));
    g_variant_dict_insert(&dict, "deadline", "x", now + ASKING_TIMEOUT_MS / 1000);
    g_variant_dict_insert(&dict, "wrong", "b", asking->n_wrong > 0);
    if (strcmp(asking->opening->class->kind, "pin") == 0)
        add_pin(&dict, asking);
    else
        g_variant_dict_insert(&dict, "tries-left", "u", MAX_TRIES - asking->n_wrong);
    return g_variant_dict_end(&dict);
}

static void on_begun(gpointer asking);
static void on_answered(GObject *source, GAsyncResult *result, gpointer asking);

void
meishi_opening_begin(MeishiOpeningAsking *asking)
{
    const MeishiAsker asker = {
        .application = first_call(asking)->application,
        .begun = on_begun,
    };

    asking->asked = meishi_opening_look(asking->opening);
    asking->question = g_cancellable_new();
    meishi_prompters_ask_async(asking->agent->prompters, &asker, asking->opening->class->kind,
                               describe(asking), ASKING_TIMEOUT_MS, asking->question, on_answered,
                               asking);
    asking->asked.token = asking->asked.reader = NULL; /* were borrowed */
}

/* ---- trying ---------------------------------------------------------------------------------- */

static void go_on(MeishiOpeningAsking *asking);

static void
on_tried(GObject *source, GAsyncResult *result, gpointer user_data)
{
    MeishiOpeningAsking *asking = user_data;
    const MeishiOpening *opening = asking->opening;

    g_clear_object(&asking->attempt);
    asking->has_tried = TRUE;
    asking->has_consent = FALSE;
    (void)opening->class->try_finish(opening->lock, result, &asking->failure);
    if (asking->question != NULL)
        meishi_prompters_withdraw(asking->agent->prompters, asking->question);
    else
        go_on(asking);
}

static void
try(MeishiOpeningAsking *asking, MeishiSecret *secret)
{
    const MeishiOpening *opening = asking->opening;

    asking->attempt = g_cancellable_new();
    opening->class->try_async(opening->lock, secret, asking->attempt, on_tried, asking);
}

/* The person sees that the reader waits, so now it may.  It is asked anew where it has become the
 * last try since the question was put. */
static void
on_begun(gpointer data)
{
    MeishiOpeningAsking *asking = data;
    MeishiLockFacts facts = meishi_opening_look(asking->opening);

    if (!tries_at_reader(asking, &asking->asked) || asking->attempt != NULL)
        return;
    if (facts.state == MEISHI_LOCK_LOCKED && tries_at_reader(asking, &facts) &&
        facts.tries != MEISHI_LOCK_TRIES_NONE)
        try(asking, NULL);
    else
        meishi_opening_look_again(asking->opening);
}

/* ---- what comes of it ------------------------------------------------------------------------ */

static void
take_not_now(MeishiOpeningAsking *asking)
{
    meishi_opening_be_quiet(asking->opening);
    refuse(asking, "the person who was asked said “not now”");
}

static void
take_wrong(MeishiOpeningAsking *asking)
{
    if (meishi_opening_look(asking->opening).tries == MEISHI_LOCK_TRIES_NONE) {
        refuse(asking, MEISHI_OPENING_WHY_BLOCKED);
    } else if (++asking->n_wrong < MAX_TRIES) {
        meishi_opening_begin(asking);
    } else {
        meishi_opening_be_quiet(asking->opening);
        refuse(asking, "nothing that was given opens it");
    }
}

static gboolean
fits_length(const MeishiSecret *secret, const MeishiLockFacts *facts)
{
    gsize length = meishi_secret_len(secret);

    return length >= facts->min_length && (facts->max_length == 0 || length <= facts->max_length);
}

static gboolean
agrees_to_last_try(const MeishiSecretAnswer *answer)
{
    gboolean agrees = FALSE;

    if (answer->answer != NULL)
        g_variant_lookup(answer->answer, "last-try", "b", &agrees);
    return agrees;
}

/* An answer to a question that did not say so is none to the last try. */
static void
take_last_try(MeishiOpeningAsking *asking, const MeishiLockFacts *facts, MeishiSecretAnswer *answer)
{
    if (asking->asked.tries != MEISHI_LOCK_TRIES_LAST) {
        meishi_opening_begin(asking);
    } else if (!agrees_to_last_try(answer)) {
        take_not_now(asking);
    } else if (facts->is_pad) {
        asking->has_consent = TRUE;
        meishi_opening_begin(asking);
    } else {
        try(asking, answer->secret);
    }
}

/* What is no answer to the question is "not now".  What cannot be right is not tried, since locks
 * count that. */
static void
take_answer(MeishiOpeningAsking *asking, const MeishiLockFacts *facts)
{
    g_auto(MeishiSecretAnswer) answer = asking->answer;

    asking->answer = (MeishiSecretAnswer){NULL, NULL};
    if (asking->asked.is_pad != (answer.secret == NULL))
        take_not_now(asking);
    else if (facts->is_pad != asking->asked.is_pad)
        meishi_opening_begin(asking);
    else if (answer.secret != NULL && !fits_length(answer.secret, facts))
        take_wrong(asking);
    else if (facts->tries == MEISHI_LOCK_TRIES_LAST)
        take_last_try(asking, facts, &answer);
    else if (answer.secret != NULL)
        try(asking, answer.secret);
    else
        take_not_now(asking);
}

static void
after_question(MeishiOpeningAsking *asking, const MeishiLockFacts *facts)
{
    switch (asking->said) {
    case MEISHI_SAID_ANSWER:
        take_answer(asking, facts);
        break;
    case MEISHI_SAID_NOT_NOW:
    case MEISHI_SAID_AT_READER:
        take_not_now(asking);
        break;
    case MEISHI_SAID_NOBODY:
        refuse(asking, "no program is there that could ask for what opens it");
        break;
    case MEISHI_SAID_NOTHING:
        refuse(asking, "nobody answered in time");
        break;
    case MEISHI_SAID_OUTDATED:
        asking->has_consent = FALSE; /* was to what the lock is no more */
        meishi_opening_begin(asking);
        break;
    }
}

static gboolean
is_cancelled(const GError *error)
{
    return g_error_matches(error, MEISHI_ERROR, MEISHI_ERROR_CANCELLED) ||
           g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* Was the question closed while the reader waited?  Then it counts, whatever came of that.  It was
 * not where the lock itself said sooner that there are fewer tries left than that one was wrong. */
static gboolean
was_closed(const MeishiOpeningAsking *asking, const GError *failure)
{
    if (asking->said == MEISHI_SAID_OUTDATED)
        return !g_error_matches(failure, MEISHI_ERROR, MEISHI_ERROR_WRONG_SECRET);
    return asking->said != MEISHI_SAID_ANSWER && asking->said != MEISHI_SAID_AT_READER;
}

static void
after_try(MeishiOpeningAsking *asking, const MeishiLockFacts *facts)
{
    g_autoptr(GError) failure = g_steal_pointer(&asking->failure);

    asking->has_tried = FALSE;
    if (was_closed(asking, failure) || (facts->is_pad && is_cancelled(failure)))
        after_question(asking, facts);
    else if (g_error_matches(failure, MEISHI_ERROR, MEISHI_ERROR_WRONG_SECRET))
        take_wrong(asking);
    else
        finish(asking, failure);
}

static void
go_on(MeishiOpeningAsking *asking)
{
    MeishiLockFacts facts = meishi_opening_look(asking->opening);
    gboolean has_opened = asking->has_tried && asking->failure == NULL;

    if (facts.state == MEISHI_LOCK_OPEN || has_opened || meishi_crowd_is_empty(asking->crowd))
        finish(asking, NULL);
    else if (facts.state == MEISHI_LOCK_GONE)
        refuse(asking, "it is not there any more");
    else if (asking->has_tried)
        after_try(asking, &facts);
    else if (facts.tries == MEISHI_LOCK_TRIES_NONE)
        refuse(asking, MEISHI_OPENING_WHY_BLOCKED);
    else
        after_question(asking, &facts);
}

static MeishiOpeningSaid
read_reply(const MeishiOpeningAsking *asking, gboolean ok, MeishiReply reply)
{
    if (asking->is_outdated)
        return MEISHI_SAID_OUTDATED;
    if (asking->has_tried)
        return MEISHI_SAID_AT_READER;
    if (!ok)
        return MEISHI_SAID_NOTHING;
    if (reply == MEISHI_REPLY_NOBODY)
        return MEISHI_SAID_NOBODY;
    return reply == MEISHI_REPLY_ANSWERED ? MEISHI_SAID_ANSWER : MEISHI_SAID_NOT_NOW;
}

static void
on_answered(GObject *source, GAsyncResult *result, gpointer user_data)
{
    MeishiOpeningAsking *asking = user_data;
    g_autoptr(GError) error = NULL;
    MeishiReply reply = MEISHI_REPLY_NOBODY;
    gboolean ok;

    meishi_secret_answer_clear(&asking->answer);
    ok = meishi_prompters_ask_secret_finish(result, &reply, &asking->answer, &error);
    asking->said = read_reply(asking, ok, reply);
    asking->is_outdated = FALSE;
    g_clear_object(&asking->question);
    if (asking->attempt != NULL)
        g_cancellable_cancel(asking->attempt); /* and on_tried() goes on */
    else
        go_on(asking);
}
