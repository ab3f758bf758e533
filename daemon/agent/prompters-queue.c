/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The queue of open questions; see prompters.h.  A prompter has one question at a time before it;
 * the others wait in the order in which they came.  Questions begin in an idle turn of the main
 * loop only, so that what an answer settles for those that wait is settled before they are shown,
 * and no prompter is called from inside of an ask.
 *
 * Invariant: a question is in the queue if and only if its task has not been returned.
 */
#include "daemon/agent/prompters-private.h"

#include "daemon/base/error.h"
#include "daemon/base/source.h"
#include "daemon/crypto/crypto.h"

#include <string.h>

#define MAX_BEGUN   2 /* the first prompter, and the next one if that goes away */
#define MAX_OPEN    5 /* questions of one kind of one program */
#define EXTENSION_S 60
#define MAX_OPEN_S  600 /* however often it is extended */

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

void
meishi_prompters_free_question(gpointer data)
{
    MeishiOpenQuestion *question = data;

    meishi_source_clear(&question->timer);
    meishi_source_clear(&question->cancel);
    g_clear_object(&question->task);
    g_variant_unref(question->asked);
    g_free(question->session);
    g_free(question->program);
    g_free(question->cookie);
    g_free(question->kind);
    g_free(question);
}

/* ---- beginning and ending -------------------------------------------------------------------- */

/* Takes @question out of the queue and gives its task, which is still to be returned. */
static GTask *
take_out(MeishiOpenQuestion *question)
{
    GTask *task = g_steal_pointer(&question->task);

    if (question->prompter != NULL)
        question->prompter->current = NULL;
    meishi_prompters_plan_turn(question->prompters);
    g_ptr_array_remove(question->prompters->queue, question);
    return task;
}

static void
end_with_reply(MeishiOpenQuestion *question, MeishiReply result, GVariant *answer)
{
    Outcome *outcome = g_new0(Outcome, 1);
    g_autoptr(GTask) task = take_out(question);

    outcome->result = result;
    outcome->answer = answer != NULL ? g_variant_ref(answer) : NULL;
    g_task_return_pointer(task, outcome, outcome_free);
}

static void
end_with_secret(MeishiOpenQuestion *question, const MeishiSecretAnswer *answer)
{
    Outcome *outcome = g_new0(Outcome, 1);
    g_autoptr(GTask) task = take_out(question);

    outcome->result = MEISHI_REPLY_ANSWERED;
    outcome->secret = meishi_secret_ref(answer->secret);
    outcome->answer = answer->answer != NULL ? g_variant_ref(answer->answer) : NULL;
    g_task_return_pointer(task, outcome, outcome_free);
}

/* The person looks at something that has no meaning any more. */
static void
close_window(MeishiOpenQuestion *question, const char *reason)
{
    MeishiPrompterEntry *prompter = question->prompter;

    if (prompter != NULL)
        prompter->class->cancel(prompter->data, question->cookie, reason);
}

static void
end_with_error(MeishiOpenQuestion *question, const char *reason, MeishiErrorCode code,
               const char *message)
{
    g_autoptr(GTask) task = NULL;

    close_window(question, reason);
    task = take_out(question);
    g_task_return_new_error(task, MEISHI_ERROR, (int)code, "%s", message);
}

static void
begin(MeishiOpenQuestion *question, MeishiPrompterEntry *prompter)
{
    question->prompter = prompter;
    question->n_begun++;
    prompter->current = question;
    prompter->class->begin(prompter->data, question->cookie, question->kind, question->asked);
    if (question->begun != NULL)
        question->begun(question->user_data);
}

static void
end_unanswered(MeishiOpenQuestion *question)
{
    /* A window that went away with its program is one that was closed. */
    end_with_reply(question, question->n_begun > 0 ? MEISHI_REPLY_DISMISSED : MEISHI_REPLY_NOBODY,
                   NULL);
}

/* FALSE where the question ended instead, and with it its place in the queue. */
static gboolean
try_begin(MeishiOpenQuestion *question)
{
    MeishiPrompterEntry *prompter = meishi_prompters_nearest(question);

    if (prompter == NULL) {
        end_unanswered(question);
        return FALSE;
    }
    if (prompter->current == NULL)
        begin(question, prompter);
    return TRUE;
}

/* Is it worth waiting for a window?  What was shown once goes to those who are there, and no
 * further: a prompter that ends with each question must not be started for it again and again. */
static gboolean
waits_for_window(MeishiOpenQuestion *question)
{
    return question->n_begun == 0 && meishi_prompters_misses_window(question) &&
           meishi_prompters_wait_for_start(question);
}

static gboolean
on_turn(gpointer user_data)
{
    MeishiPrompters *prompters = user_data;
    gboolean is_awaited = FALSE; /* a window */

    prompters->turn_source = 0;
    for (guint i = 0; i < prompters->queue->len; i++) {
        MeishiOpenQuestion *question = g_ptr_array_index(prompters->queue, i);

        if (question->prompter != NULL)
            continue;
        if (waits_for_window(question))
            is_awaited = TRUE;
        else if (!try_begin(question))
            return G_SOURCE_REMOVE; /* its caller ran, and the next turn is planned by now */
    }
    if (!is_awaited)
        meishi_prompters_end_start(prompters);
    return G_SOURCE_REMOVE;
}

void
meishi_prompters_plan_turn(MeishiPrompters *prompters)
{
    if (prompters->turn_source == 0)
        prompters->turn_source = g_idle_add(on_turn, prompters);
}

void
meishi_prompters_orphan_question(MeishiOpenQuestion *question)
{
    question->prompter = NULL;
    if (question->n_begun >= MAX_BEGUN)
        end_with_reply(question, MEISHI_REPLY_DISMISSED, NULL);
}

void
meishi_prompters_end_all(MeishiPrompters *prompters)
{
    while (prompters->queue->len > 0)
        end_with_error(g_ptr_array_index(prompters->queue, 0), "withdrawn", MEISHI_ERROR_CANCELLED,
                       "The agent is ending.");
    g_clear_handle_id(&prompters->turn_source, g_source_remove);
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

/* Ends at @ends_at and no sooner. */
static void
set_end(MeishiOpenQuestion *question, gint64 ends_at)
{
    meishi_source_clear(&question->timer);
    question->ends_at = ends_at;
    question->timer = g_timeout_source_new(0);
    g_source_set_ready_time(question->timer, ends_at);
    g_source_set_callback(question->timer, on_timeout, question, NULL);
    g_source_attach(question->timer, g_task_get_context(question->task));
}

static void
watch_cancellable(MeishiOpenQuestion *question, GCancellable *cancellable)
{
    if (cancellable == NULL)
        return;
    question->cancel = g_cancellable_source_new(cancellable);
    g_source_set_callback(question->cancel, G_SOURCE_FUNC(on_cancelled), question, NULL);
    g_source_attach(question->cancel, g_task_get_context(question->task));
}

static void
note_asker(MeishiOpenQuestion *question, const MeishiAsker *asker, gpointer user_data)
{
    question->owner = asker->owner;
    question->has_window = asker->has_window;
    question->has_acted = asker->has_acted;
    question->begun = asker->begun;
    question->extend = asker->extend;
    question->user_data = user_data;
    if (asker->application == NULL)
        return;
    question->session = g_strdup(asker->application->session);
    question->tty = asker->application->tty;
    question->program = g_strdup(asker->application->name);
}

gboolean
meishi_prompters_check_room(MeishiPrompters *prompters, const char *kind,
                            const MeishiApplication *application, GError **error)
{
    guint n = 0;

    for (guint i = 0; i < prompters->queue->len; i++) {
        const MeishiOpenQuestion *question = g_ptr_array_index(prompters->queue, i);

        n += strcmp(question->kind, kind) == 0 &&
             g_strcmp0(question->program, application->name) == 0;
    }
    if (n < MAX_OPEN)
        return TRUE;
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_BUSY,
                "%u questions of this program wait for a person already.", n);
    return FALSE;
}

void
meishi_prompters_ask_async(MeishiPrompters *prompters, const MeishiAsker *asker, const char *kind,
                           GVariant *asked, guint timeout_ms, GCancellable *cancellable,
                           GAsyncReadyCallback callback, gpointer user_data)
{
    MeishiOpenQuestion *question = g_new0(MeishiOpenQuestion, 1);

    question->prompters = prompters;
    question->task = g_task_new(NULL, cancellable, callback, user_data);
    g_task_set_check_cancellable(question->task, FALSE); /* on_cancelled() says it, once */
    if (asker != NULL)
        note_asker(question, asker, user_data);
    question->cookie = new_cookie(prompters);
    question->kind = g_strdup(kind);
    question->asked = g_variant_ref_sink(asked);
    question->asked_at = g_get_monotonic_time();
    g_ptr_array_add(prompters->queue, question);
    set_end(question, question->asked_at + timeout_ms * G_TIME_SPAN_MILLISECOND);
    watch_cancellable(question, cancellable);
    meishi_prompters_plan_turn(prompters);
}

static MeishiOpenQuestion *
find_asked_with(MeishiPrompters *prompters, GCancellable *cancellable)
{
    for (guint i = 0; i < prompters->queue->len; i++) {
        MeishiOpenQuestion *question = g_ptr_array_index(prompters->queue, i);

        if (g_task_get_cancellable(question->task) == cancellable)
            return question;
    }
    return NULL;
}

void
meishi_prompters_withdraw(MeishiPrompters *prompters, GCancellable *cancellable)
{
    MeishiOpenQuestion *question = find_asked_with(prompters, cancellable);

    if (question != NULL)
        end_with_error(question, "answered", MEISHI_ERROR_CANCELLED,
                       "The question was answered in another way.");
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

void
meishi_secret_answer_clear(MeishiSecretAnswer *answer)
{
    g_clear_pointer(&answer->secret, meishi_secret_unref);
    g_clear_pointer(&answer->answer, g_variant_unref);
}

gboolean
meishi_prompters_ask_secret_finish(GAsyncResult *result, MeishiReply *ret_result,
                                   MeishiSecretAnswer *ret_answer, GError **error)
{
    Outcome *outcome = g_task_propagate_pointer(G_TASK(result), error);

    if (outcome == NULL)
        return FALSE;
    *ret_result = outcome->result;
    *ret_answer = (MeishiSecretAnswer){
        .secret = g_steal_pointer(&outcome->secret),
        .answer = g_steal_pointer(&outcome->answer),
    };
    outcome_free(outcome);
    return TRUE;
}

/* ---- changes --------------------------------------------------------------------------------- */

/* A prompter that comes to it later sees it as it is then. */
static void
merge(MeishiOpenQuestion *question, GVariant *changes)
{
    GVariantDict dict = G_VARIANT_DICT_INIT(question->asked);
    GVariantIter iter;
    GVariant *value;
    char *key;

    g_variant_iter_init(&iter, changes);
    while (g_variant_iter_loop(&iter, "{sv}", &key, &value))
        g_variant_dict_insert_value(&dict, key, value);
    g_variant_unref(question->asked);
    question->asked = g_variant_ref_sink(g_variant_dict_end(&dict));
}

static void
change(MeishiOpenQuestion *question, GVariant *changes)
{
    g_autoptr(GVariant) owned = g_variant_ref_sink(changes);
    const MeishiPrompterEntry *prompter = question->prompter;

    merge(question, owned);
    if (prompter != NULL && prompter->class->update != NULL)
        prompter->class->update(prompter->data, question->cookie, owned);
}

void
meishi_prompters_update(MeishiPrompters *prompters, GCancellable *cancellable, GVariant *changes)
{
    MeishiOpenQuestion *question = find_asked_with(prompters, cancellable);

    if (question != NULL)
        change(question, changes);
    else
        g_variant_unref(g_variant_ref_sink(changes));
}

static void
change_deadline(MeishiOpenQuestion *question, gint64 deadline)
{
    GVariantDict dict = G_VARIANT_DICT_INIT(NULL);

    g_variant_dict_insert(&dict, "deadline", "x", deadline);
    change(question, g_variant_dict_end(&dict));
}

/* Until when, monotonic, an extension asked for now holds. */
static gint64
extended_end(const MeishiOpenQuestion *question)
{
    return MIN(g_get_monotonic_time() + EXTENSION_S * G_TIME_SPAN_SECOND,
               question->asked_at + MAX_OPEN_S * G_TIME_SPAN_SECOND);
}

static gint64
wall_time(gint64 monotonic)
{
    return (g_get_real_time() + monotonic - g_get_monotonic_time()) / G_TIME_SPAN_SECOND;
}

/* ---- what prompters say ---------------------------------------------------------------------- */

static gboolean
wants_secret(const MeishiOpenQuestion *question)
{
    static const char *const kinds[] = {"unlock", "pin", NULL};

    return g_strv_contains(kinds, question->kind);
}

static MeishiOpenQuestion *
find_open(MeishiPrompters *prompters, gpointer owner, const char *cookie, GError **error)
{
    const MeishiPrompterEntry *prompter = meishi_prompters_find(prompters, owner);
    MeishiOpenQuestion *question = prompter != NULL ? prompter->current : NULL;

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
    MeishiOpenQuestion *question = find_open(prompters, owner, cookie, error);

    if (question == NULL)
        return FALSE;
    meishi_prompters_note_answer(question);
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

static MeishiOpenQuestion *
find_for_secret(MeishiPrompters *prompters, gpointer owner, const char *cookie, GError **error)
{
    MeishiOpenQuestion *question = find_open(prompters, owner, cookie, error);

    if (question == NULL || wants_secret(question))
        return question;
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT,
                "This question asks for no secret.");
    return NULL;
}

gboolean
meishi_prompters_check_secret(MeishiPrompters *prompters, gpointer owner, const char *cookie,
                              GError **error)
{
    return find_for_secret(prompters, owner, cookie, error) != NULL;
}

gboolean
meishi_prompters_respond_secret(MeishiPrompters *prompters, gpointer owner, const char *cookie,
                                const MeishiSecretAnswer *answer, GError **error)
{
    MeishiOpenQuestion *question = find_for_secret(prompters, owner, cookie, error);

    if (question == NULL)
        return FALSE;
    meishi_prompters_note_answer(question);
    end_with_secret(question, answer);
    return TRUE;
}

gboolean
meishi_prompters_extend(MeishiPrompters *prompters, gpointer owner, const char *cookie,
                        GError **error)
{
    MeishiOpenQuestion *question = find_open(prompters, owner, cookie, error);
    gint64 ends_at;

    if (question == NULL)
        return FALSE;
    ends_at = extended_end(question);
    if (ends_at > question->ends_at)
        set_end(question, ends_at);
    if (question->extend != NULL)
        question->extend(wall_time(ends_at), question->user_data);
    else
        change_deadline(question, wall_time(question->ends_at));
    return TRUE;
}
