/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The queue of open questions; see prompters.h.  A prompter has one question at a time before it;
 * the others wait in the order in which they came.  Questions begin in an idle turn of the main
 * loop only, so that what an answer settles for those that wait is settled before they are shown,
 * and no prompter is called from inside of an ask.
 *
 * Invariant: a question is in the queue if and only if its task has not been returned.
 */
#include "daemon/agent/prompters.h"

#include "daemon/base/error.h"
#include "daemon/base/source.h"
#include "daemon/crypto/crypto.h"

#include <string.h>

#define MAX_BEGUN 2 /* the first prompter, and the next one if that goes away */

typedef struct Question Question;

typedef struct {
    gpointer owner;
    char *session; /* as in MeishiPrompterPlace */
    dev_t tty;
    char **kinds;
    const MeishiPrompterClass *class;
    gpointer data;
    Question *current; /* the one that the person sees; NULL */
} Prompter;

struct Question {
    MeishiPrompters *prompters;
    GTask *task;
    gpointer owner; /* of whoever asks; NULL */
    char *session;  /* that they are in; NULL */
    dev_t tty;      /* 0 */
    char *cookie;
    char *kind;
    GVariant *asked;
    Prompter *prompter; /* who shows it; NULL: it waits */
    guint n_begun;
    GSource *timer;
    GSource *cancel;
};

struct MeishiPrompters {
    GPtrArray *prompters; /* Prompter, in the order they came */
    GPtrArray *queue;     /* Question, in the order they came */
    guint serial;
    guint turn_source;
};

typedef struct {
    MeishiReply result;
    GVariant *answer;     /* NULL */
    MeishiSecret *secret; /* NULL */
} Outcome;

static void
outcome_free(gpointer data)
{
    Outcome *outcome = data;

    g_clear_pointer(&outcome->answer, g_variant_unref);
    meishi_secret_unref(outcome->secret);
    g_free(outcome);
}

static void
question_free(gpointer data)
{
    Question *question = data;

    meishi_source_clear(&question->timer);
    meishi_source_clear(&question->cancel);
    g_clear_object(&question->task);
    g_variant_unref(question->asked);
    g_free(question->session);
    g_free(question->cookie);
    g_free(question->kind);
    g_free(question);
}

/* ---- beginning and ending -------------------------------------------------------------------- */

static void plan_turn(MeishiPrompters *prompters);

/* Takes @question out of the queue and gives its task, which is still to be returned. */
static GTask *
take_out(Question *question)
{
    GTask *task = g_steal_pointer(&question->task);

    if (question->prompter != NULL)
        question->prompter->current = NULL;
    plan_turn(question->prompters);
    g_ptr_array_remove(question->prompters->queue, question);
    return task;
}

static void
end_with_reply(Question *question, MeishiReply result, GVariant *answer)
{
    Outcome *outcome = g_new0(Outcome, 1);
    g_autoptr(GTask) task = take_out(question);

    outcome->result = result;
    outcome->answer = answer != NULL ? g_variant_ref(answer) : NULL;
    g_task_return_pointer(task, outcome, outcome_free);
}

static void
end_with_secret(Question *question, MeishiSecret *secret)
{
    Outcome *outcome = g_new0(Outcome, 1);
    g_autoptr(GTask) task = take_out(question);

    outcome->result = MEISHI_REPLY_ANSWERED;
    outcome->secret = meishi_secret_ref(secret);
    g_task_return_pointer(task, outcome, outcome_free);
}

/* The person looks at something that has no meaning any more. */
static void
close_window(Question *question, const char *reason)
{
    Prompter *prompter = question->prompter;

    if (prompter != NULL)
        prompter->class->cancel(prompter->data, question->cookie, reason);
}

static void
end_with_error(Question *question, const char *reason, MeishiErrorCode code, const char *message)
{
    g_autoptr(GTask) task = NULL;

    close_window(question, reason);
    task = take_out(question);
    g_task_return_new_error(task, MEISHI_ERROR, (int)code, "%s", message);
}

static Prompter *
find_prompter(MeishiPrompters *prompters, gpointer owner)
{
    for (guint i = 0; i < prompters->prompters->len; i++) {
        Prompter *prompter = g_ptr_array_index(prompters->prompters, i);

        if (prompter->owner == owner)
            return prompter;
    }
    return NULL;
}

static gboolean
can_ask(const Prompter *prompter, const char *kind)
{
    return prompter->kinds == NULL || g_strv_contains((const char *const *)prompter->kinds, kind);
}

/* How near @prompter is to whoever asks; prompters.h. */
static int
nearness(const Prompter *prompter, const Question *question)
{
    gboolean is_same_session =
        prompter->session != NULL && g_strcmp0(prompter->session, question->session) == 0;

    if (prompter->owner == question->owner)
        return 4;
    if (prompter->tty != 0 && prompter->tty == question->tty)
        return 3;
    if (is_same_session)
        return prompter->tty == 0 ? 2 : 1;
    return 0;
}

static Prompter *
choose_prompter(const Question *question)
{
    GPtrArray *list = question->prompters->prompters;
    Prompter *nearest = NULL;

    for (guint i = 0; i < list->len; i++) {
        Prompter *prompter = g_ptr_array_index(list, i);

        if (can_ask(prompter, question->kind) &&
            (nearest == NULL || nearness(prompter, question) >= nearness(nearest, question)))
            nearest = prompter;
    }
    return nearest;
}

static void
begin(Question *question, Prompter *prompter)
{
    question->prompter = prompter;
    question->n_begun++;
    prompter->current = question;
    prompter->class->begin(prompter->data, question->cookie, question->kind, question->asked);
}

/* FALSE where the question ended instead, and with it its place in the queue. */
static gboolean
try_begin(Question *question)
{
    Prompter *prompter = choose_prompter(question);

    if (prompter == NULL) {
        /* A window that went away with its program is one that was closed. */
        end_with_reply(question,
                       question->n_begun > 0 ? MEISHI_REPLY_DISMISSED : MEISHI_REPLY_NOBODY, NULL);
        return FALSE;
    }
    if (prompter->current == NULL)
        begin(question, prompter);
    return TRUE;
}

static gboolean
on_turn(gpointer user_data)
{
    MeishiPrompters *prompters = user_data;

    prompters->turn_source = 0;
    for (guint i = 0; i < prompters->queue->len; i++) {
        Question *question = g_ptr_array_index(prompters->queue, i);

        /* Ending one runs its caller, after whom the queue may be another: the next turn is
         * planned by then. */
        if (question->prompter == NULL && !try_begin(question))
            break;
    }
    return G_SOURCE_REMOVE;
}

static void
plan_turn(MeishiPrompters *prompters)
{
    if (prompters->turn_source == 0)
        prompters->turn_source = g_idle_add(on_turn, prompters);
}

/* ---- prompters ------------------------------------------------------------------------------- */

static Prompter *
prompter_new(gpointer owner, const MeishiPrompterPlace *place)
{
    Prompter *prompter = g_new0(Prompter, 1);

    prompter->owner = owner;
    if (place == NULL)
        return prompter;
    prompter->session = g_strdup(place->session);
    prompter->tty = place->tty;
    prompter->kinds = g_strdupv((char **)place->kinds);
    return prompter;
}

static void
prompter_free(gpointer data)
{
    Prompter *prompter = data;

    g_free(prompter->session);
    g_strfreev(prompter->kinds);
    g_free(prompter);
}

MeishiPrompters *
meishi_prompters_new(void)
{
    MeishiPrompters *prompters = g_new0(MeishiPrompters, 1);

    prompters->prompters = g_ptr_array_new_with_free_func(prompter_free);
    prompters->queue = g_ptr_array_new_with_free_func(question_free);
    return prompters;
}

void
meishi_prompters_free(MeishiPrompters *prompters)
{
    if (prompters == NULL)
        return;
    while (prompters->queue->len > 0)
        end_with_error(g_ptr_array_index(prompters->queue, 0), "withdrawn", MEISHI_ERROR_CANCELLED,
                       "The agent is ending.");
    g_clear_handle_id(&prompters->turn_source, g_source_remove);
    g_ptr_array_unref(prompters->queue);
    g_ptr_array_unref(prompters->prompters);
    g_free(prompters);
}

gboolean
meishi_prompters_add(MeishiPrompters *prompters, gpointer owner, const MeishiPrompterPlace *place,
                     const MeishiPrompterClass *class, gpointer data, GError **error)
{
    Prompter *prompter;

    if (find_prompter(prompters, owner) != NULL) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_BUSY,
                    "This connection has registered a prompter already.");
        return FALSE;
    }
    prompter = prompter_new(owner, place);
    prompter->class = class;
    prompter->data = data;
    g_ptr_array_add(prompters->prompters, prompter);
    return TRUE;
}

void
meishi_prompters_remove(MeishiPrompters *prompters, gpointer owner)
{
    Prompter *prompter = find_prompter(prompters, owner);
    Question *question = prompter != NULL ? prompter->current : NULL;

    if (prompter == NULL)
        return;
    g_ptr_array_remove(prompters->prompters, prompter);
    plan_turn(prompters);
    if (question == NULL)
        return;
    question->prompter = NULL;
    if (question->n_begun >= MAX_BEGUN)
        end_with_reply(question, MEISHI_REPLY_DISMISSED, NULL);
}

guint
meishi_prompters_n_questions(const MeishiPrompters *prompters)
{
    return prompters->queue->len;
}

gboolean
meishi_prompters_available(MeishiPrompters *prompters, const char *kind)
{
    for (guint i = 0; i < prompters->prompters->len; i++) {
        if (can_ask(g_ptr_array_index(prompters->prompters, i), kind))
            return TRUE;
    }
    return FALSE;
}

gboolean
meishi_prompters_has_own(MeishiPrompters *prompters, gpointer owner)
{
    return find_prompter(prompters, owner) != NULL;
}

/* ---- questions ------------------------------------------------------------------------------- */

/* Counted, so that none comes twice, and random, so that none can be guessed. */
static char *
new_cookie(MeishiPrompters *prompters)
{
    guint8 bytes[16];
    GString *cookie = g_string_new(NULL);

    meishi_crypto_random(bytes, sizeof bytes);
    g_string_append_printf(cookie, "%u-", ++prompters->serial);
    for (gsize i = 0; i < sizeof bytes; i++)
        g_string_append_printf(cookie, "%02x", bytes[i]);
    return g_string_free(cookie, FALSE);
}

static gboolean
on_timeout(gpointer user_data)
{
    end_with_error(user_data, "timeout", MEISHI_ERROR_TIMEOUT, "Nobody answered in time.");
    return G_SOURCE_REMOVE;
}

static gboolean
on_cancelled(GCancellable *cancellable, gpointer user_data)
{
    end_with_error(user_data, "caller-gone", MEISHI_ERROR_CANCELLED, "The question was withdrawn.");
    return G_SOURCE_REMOVE;
}

static void
watch(Question *question, guint timeout_ms, GCancellable *cancellable)
{
    GMainContext *context = g_task_get_context(question->task);

    question->timer = g_timeout_source_new(timeout_ms);
    g_source_set_callback(question->timer, on_timeout, question, NULL);
    g_source_attach(question->timer, context);
    if (cancellable == NULL)
        return;
    question->cancel = g_cancellable_source_new(cancellable);
    g_source_set_callback(question->cancel, G_SOURCE_FUNC(on_cancelled), question, NULL);
    g_source_attach(question->cancel, context);
}

static void
note_asker(Question *question, const MeishiAsker *asker)
{
    question->owner = asker->owner;
    if (asker->application == NULL)
        return;
    question->session = g_strdup(asker->application->session);
    question->tty = asker->application->tty;
}

void
meishi_prompters_ask_async(MeishiPrompters *prompters, const MeishiAsker *asker, const char *kind,
                           GVariant *asked, guint timeout_ms, GCancellable *cancellable,
                           GAsyncReadyCallback callback, gpointer user_data)
{
    Question *question = g_new0(Question, 1);

    question->prompters = prompters;
    question->task = g_task_new(NULL, cancellable, callback, user_data);
    g_task_set_check_cancellable(question->task, FALSE); /* on_cancelled() says it, once */
    if (asker != NULL)
        note_asker(question, asker);
    question->cookie = new_cookie(prompters);
    question->kind = g_strdup(kind);
    question->asked = g_variant_ref_sink(asked);
    g_ptr_array_add(prompters->queue, question);
    watch(question, timeout_ms, cancellable);
    plan_turn(prompters);
}

void
meishi_prompters_withdraw(MeishiPrompters *prompters, GCancellable *cancellable)
{
    for (guint i = 0; i < prompters->queue->len; i++) {
        Question *question = g_ptr_array_index(prompters->queue, i);

        if (g_task_get_cancellable(question->task) != cancellable)
            continue;
        end_with_error(question, "answered", MEISHI_ERROR_CANCELLED,
                       "The question was answered in another way.");
        return;
    }
}

gboolean
meishi_prompters_ask_finish(GAsyncResult *result, MeishiReply *ret_result, GVariant **ret_answer,
                            GError **error)
{
    Outcome *outcome = g_task_propagate_pointer(G_TASK(result), error);

    if (outcome == NULL)
        return FALSE;
    *ret_result = outcome->result;
    *ret_answer = g_steal_pointer(&outcome->answer);
    outcome_free(outcome);
    return TRUE;
}

gboolean
meishi_prompters_ask_secret_finish(GAsyncResult *result, MeishiReply *ret_result,
                                   MeishiSecret **ret_secret, GError **error)
{
    Outcome *outcome = g_task_propagate_pointer(G_TASK(result), error);

    if (outcome == NULL)
        return FALSE;
    *ret_result = outcome->result;
    if (outcome->result == MEISHI_REPLY_ANSWERED && outcome->secret == NULL)
        *ret_result = MEISHI_REPLY_DISMISSED; /* not understood */
    *ret_secret = g_steal_pointer(&outcome->secret);
    outcome_free(outcome);
    return TRUE;
}

static gboolean
wants_secret(const Question *question)
{
    return strcmp(question->kind, "unlock") == 0;
}

static Question *
find_open(MeishiPrompters *prompters, gpointer owner, const char *cookie, GError **error)
{
    const Prompter *prompter = find_prompter(prompters, owner);
    Question *question = prompter != NULL ? prompter->current : NULL;

    if (question != NULL && strcmp(question->cookie, cookie) == 0)
        return question;
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND,
                "This question is not open with this prompter; it may be over.");
    return NULL;
}

gboolean
meishi_prompters_respond(MeishiPrompters *prompters, gpointer owner, const char *cookie,
                         MeishiReply result, GVariant *answer, GError **error)
{
    Question *question = find_open(prompters, owner, cookie, error);

    if (question == NULL)
        return FALSE;
    if (result == MEISHI_REPLY_ANSWERED && answer != NULL &&
        g_variant_is_of_type(answer, G_VARIANT_TYPE_VARDICT)) {
        end_with_reply(question, MEISHI_REPLY_ANSWERED, answer);
        return TRUE;
    }
    if (result == MEISHI_REPLY_DISMISSED) {
        end_with_reply(question, MEISHI_REPLY_DISMISSED, NULL);
        return TRUE;
    }
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT,
                "An answer is 0 with a dictionary, or 1: dismissed.");
    return FALSE;
}

gboolean
meishi_prompters_respond_secret(MeishiPrompters *prompters, gpointer owner, const char *cookie,
                                MeishiSecret *secret, GError **error)
{
    Question *question = find_open(prompters, owner, cookie, error);

    if (question == NULL)
        return FALSE;
    if (!wants_secret(question)) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT,
                    "This question asks for no secret.");
        return FALSE;
    }
    end_with_secret(question, secret);
    return TRUE;
}
