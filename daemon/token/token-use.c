/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A queue of tasks (logins and operations) with one at work.
 */
#include "daemon/token/token-use-private.h"

#include "daemon/base/error.h"
#include "daemon/token/rv.h"
#include "module/wire/cryptoki.h"

#include <string.h>

/* For a session, while other programs have them all. */
#define BUSY_MS  200
#define MAX_BUSY 20

static void run(GTask *task);
static void run_next(MeishiTokenUse *use);

/* ---- life ----------------------------------------------------------------------------------- */

MeishiTokenUse *
meishi_token_use_new(MeishiModuleWatch *watch, MeishiTokenContent *token)
{
    MeishiTokenUse *use = g_new0(MeishiTokenUse, 1);

    use->refs = 1;
    use->watch = watch;
    use->token = meishi_token_content_ref(token);
    use->turns = meishi_turns_new();
    use->proven =
        g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, g_free);
    use->shunned = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    return use;
}

MeishiTokenUse *
meishi_token_use_ref(MeishiTokenUse *use)
{
    use->refs++;
    return use;
}

void
meishi_token_use_unref(MeishiTokenUse *use)
{
    if (use == NULL || --use->refs > 0)
        return;
    meishi_token_content_unref(use->token);
    meishi_turns_free(use->turns);
    g_clear_pointer(&use->private_objects, g_ptr_array_unref);
    g_hash_table_unref(use->proven);
    g_hash_table_unref(use->shunned);
    g_free(use);
}

static void
work_free(gpointer data)
{
    MeishiTokenWork *work = data;

    g_clear_pointer(&work->pin, meishi_secret_unref);
    g_clear_pointer(&work->new_pin, meishi_secret_unref);
    g_clear_error(&work->error);
    g_clear_error(&work->refusal);
    if (work->cancellable != NULL)
        g_signal_handler_disconnect(work->cancellable, work->cancelled_id);
    g_clear_object(&work->cancellable);
    if (work->job.verify_free != NULL)
        work->job.verify_free(work->job.verify_data);
    g_clear_pointer(&work->job.pin, meishi_secret_unref);
    g_clear_pointer(&work->identity.cert, meishi_cert_unref);
    g_clear_pointer(&work->identity.id, g_bytes_unref);
    g_free(work->identity.label);
    g_clear_pointer(&work->template, meishi_secret_unref);
    g_clear_pointer(&work->bytes, g_bytes_unref);
    g_clear_pointer(&work->keys, g_ptr_array_unref);
    g_clear_pointer(&work->keys_owner, g_ptr_array_unref);
    meishi_token_use_unref(work->use);
    g_free(work);
}

MeishiTokenWork *
meishi_token_work_new(MeishiTokenUse *use, void (*begin)(GTask *task))
{
    MeishiTokenWork *work = g_new0(MeishiTokenWork, 1);

    work->use = meishi_token_use_ref(use);
    work->begin = begin;
    return work;
}

gboolean
meishi_token_use_is_lost(const MeishiTokenUse *use)
{
    return use->watch == NULL;
}

MeishiTokenContent *
meishi_token_use_token(const MeishiTokenUse *use)
{
    return use->token;
}

void
meishi_token_use_set_token(MeishiTokenUse *use, MeishiTokenContent *token)
{
    meishi_token_content_ref(token);
    meishi_token_content_unref(use->token);
    use->token = token;
}

gboolean
meishi_token_use_is_logged_in(const MeishiTokenUse *use)
{
    return use->is_logged_in;
}

/* OpenSC does not look how many tries are left as long as somebody is logged in. */
MeishiPinTries
meishi_token_use_pin_tries(const MeishiTokenUse *use)
{
    MeishiPinTries tries = meishi_token_content_pin_tries(use->token);

    return use->is_logged_in && tries == use->refuted_tries ? MEISHI_PIN_UNKNOWN : tries;
}

void
meishi_token_use_note_login(MeishiTokenUse *use)
{
    use->refuted_tries = meishi_token_content_pin_tries(use->token);
    use->is_logged_in = TRUE;
}

void
meishi_token_use_forget_login(MeishiTokenUse *use)
{
    use->is_logged_in = FALSE;
    g_clear_pointer(&use->private_objects, g_ptr_array_unref);
}

/* ---- one thing at a time -------------------------------------------------------------------- */

static GError *
new_lost_error(const MeishiTokenUse *use)
{
    return meishi_rv_error(MEISHI_HOST_STALE, use->token->label, "");
}

/* Ends what is at work; exactly one of the two is given, and taken over. */
void
meishi_token_work_finish(GTask *task, MeishiSecret *result, GError *error)
{
    MeishiTokenWork *work = g_task_get_task_data(task);
    g_autoptr(MeishiTokenUse) use = meishi_token_use_ref(work->use);
    g_autoptr(GTask) mine = g_steal_pointer(&use->current);

    if (error != NULL)
        g_task_return_error(mine, error);
    else
        g_task_return_pointer(mine, result, (GDestroyNotify)meishi_secret_unref);
    run_next(use);
}

static gboolean
on_time_to_run(gpointer task)
{
    run(task);
    return G_SOURCE_REMOVE;
}

/* Still the one that is at work: with no session left nobody else gets on either. */
static void
run_later(GTask *task)
{
    g_autoptr(GSource) source = g_timeout_source_new(BUSY_MS);

    g_source_set_callback(source, on_time_to_run, task, NULL);
    g_source_attach(source, g_task_get_context(task));
}

/* What the module says of a call that was not about the PIN or the request itself. */
void
meishi_token_work_finish_status(GTask *task, guint64 status, const char *what)
{
    MeishiTokenWork *work = g_task_get_task_data(task);
    MeishiTokenUse *use = work->use;
    MeishiRv meaning = meishi_rv_judge(status);

    if (meaning == MEISHI_RV_BUSY && ++work->n_busy < MAX_BUSY) {
        run_later(task);
        return;
    }
    if (meaning == MEISHI_RV_LOGGED_OUT)
        meishi_token_use_forget_login(use);
    if (meaning == MEISHI_RV_GONE && use->watch != NULL)
        meishi_module_watch_look(use->watch);
    if (meaning == MEISHI_RV_CONFUSED && use->watch != NULL)
        meishi_module_watch_doubt(use->watch);
    meishi_token_work_finish(task, NULL, meishi_rv_error(status, use->token->label, what));
}

void
meishi_token_work_call(GTask *task, MeishiHostRequest *request, guint deadline_ms,
                       GAsyncReadyCallback callback)
{
    MeishiTokenWork *work = g_task_get_task_data(task);

    work->is_at_reader = deadline_ms == MEISHI_HOST_DEADLINE_PERSON_MS;
    request->slot = work->use->token->slot;
    request->presence = work->use->token->presence;
    meishi_token_host_call_async(meishi_module_watch_host(work->use->watch), request, deadline_ms,
                                 callback, task);
}

/* The answer, unless the call failed or the token is lost meanwhile; then the task is finished. */
MeishiHostAnswer *
meishi_token_work_take_answer(GTask *task, GAsyncResult *result)
{
    MeishiTokenWork *work = g_task_get_task_data(task);
    g_autoptr(GError) error = NULL;
    MeishiHostAnswer *answer = meishi_token_host_call_finish(result, &error);

    work->is_at_reader = FALSE;
    if (work->use->watch == NULL) {
        g_clear_pointer(&answer, meishi_host_answer_free);
        meishi_token_work_finish(task, NULL, new_lost_error(work->use));
    } else if (answer == NULL) {
        meishi_token_work_finish(task, NULL, g_steal_pointer(&error));
    }
    return answer;
}

/* ---- logging in ----------------------------------------------------------------------------- */

static void
take_flags(MeishiTokenUse *use, const MeishiHostReply *reply)
{
    for (guint i = 0; i < reply->n; i++) {
        const MeishiHostSlot *slot = &reply->slots[i];
        g_autoptr(MeishiTokenContent) renewed = NULL;

        if (slot->slot != use->token->slot || slot->presence != use->token->presence)
            continue;
        renewed = meishi_token_content_renew(use->token, slot);
        meishi_token_use_set_token(use, renewed);
    }
}

static void
on_flags(GObject *source, GAsyncResult *result, gpointer user_data)
{
    GTask *task = user_data;
    MeishiTokenWork *work = g_task_get_task_data(task);
    g_autoptr(MeishiHostAnswer) answer = meishi_token_host_call_finish(result, NULL);

    if (answer != NULL && answer->reply.status == CKR_OK)
        take_flags(work->use, &answer->reply);
    if (work->use->watch != NULL)
        meishi_module_watch_look(work->use->watch);
    if (work->error == NULL)
        meishi_token_work_finish(task, meishi_secret_new(0), NULL);
    else
        meishi_token_work_finish(task, NULL, g_steal_pointer(&work->error));
}

void
meishi_token_work_finish_wrong_pin(GTask *task, guint64 status)
{
    const MeishiTokenWork *work = g_task_get_task_data(task);

    meishi_token_work_finish_after_look(
        task, meishi_rv_error(status, work->use->token->label, "take a PIN"));
}

void
meishi_token_work_finish_after_look(GTask *task, GError *error)
{
    MeishiTokenWork *work = g_task_get_task_data(task);
    const MeishiHostRequest request = {.type = MEISHI_HOST_SLOTS};

    if (error != NULL)
        work->use->refuted_tries = MEISHI_PIN_UNKNOWN;
    work->error = error;
    meishi_token_host_call_async(meishi_module_watch_host(work->use->watch), &request,
                                 MEISHI_HOST_DEADLINE_QUICK_MS, on_flags, task);
}

static void
on_logged_in(GObject *source, GAsyncResult *result, gpointer user_data)
{
    GTask *task = user_data;
    MeishiTokenWork *work = g_task_get_task_data(task);
    g_autoptr(MeishiHostAnswer) answer = meishi_token_work_take_answer(task, result);

    if (answer == NULL)
        return;
    if (meishi_rv_is_about_pin(answer->reply.status)) {
        meishi_token_work_finish_wrong_pin(task, answer->reply.status);
        return;
    }
    if (answer->reply.status != CKR_OK) {
        meishi_token_work_finish_status(task, answer->reply.status, "take a PIN");
        return;
    }
    meishi_module_watch_look(work->use->watch); /* the right one clears the flags */
    meishi_token_use_note_login(work->use);
    work->use->wants_logout = FALSE;
    if (meishi_token_content_is_bare(work->use->token))
        meishi_token_work_reveal(task);
    else
        meishi_token_work_finish(task, meishi_secret_new(0), NULL);
}

static void
run_login(GTask *task)
{
    MeishiTokenWork *work = g_task_get_task_data(task);
    MeishiHostRequest request = {.type = MEISHI_HOST_LOGIN,
                                 .number = CKU_USER,
                                 .n_pins = work->pin != NULL ? 1 : 0,
                                 .pins = {work->pin}};

    work->was_open = work->use->is_logged_in;
    if (work->was_open)
        meishi_token_work_finish(task, meishi_secret_new(0), NULL);
    else
        meishi_token_work_call(task, &request,
                               work->pin != NULL ? MEISHI_HOST_DEADLINE_QUICK_MS
                                                 : MEISHI_HOST_DEADLINE_PERSON_MS,
                               on_logged_in);
}

static void
on_logged_out(GObject *source, GAsyncResult *result, gpointer user_data)
{
    MeishiTokenUse *use = user_data;
    g_autoptr(MeishiHostAnswer) answer = meishi_token_host_call_finish(result, NULL);

    run_next(use);
    meishi_token_use_unref(use);
}

/* Requests about one slot are done in their order, so that nothing gets in between. */
static void
run_logout(MeishiTokenUse *use)
{
    const MeishiHostRequest request = {
        .type = MEISHI_HOST_LOGOUT, .slot = use->token->slot, .presence = use->token->presence};

    use->wants_logout = use->wants_logout_first = FALSE;
    if (!use->is_logged_in || use->watch == NULL)
        return;
    meishi_token_use_forget_login(use);
    meishi_token_host_call_async(meishi_module_watch_host(use->watch), &request,
                                 MEISHI_HOST_DEADLINE_QUICK_MS, on_logged_out,
                                 meishi_token_use_ref(use));
}

void
meishi_token_use_logout(MeishiTokenUse *use)
{
    use->wants_logout = TRUE;
    if (use->current == NULL && meishi_turns_count(use->turns) == 0)
        run_logout(use);
}

void
meishi_token_use_logout_first(MeishiTokenUse *use)
{
    use->wants_logout = use->wants_logout_first = TRUE;
    if (use->current == NULL)
        run_logout(use);
}

/* ---- the queue ------------------------------------------------------------------------------ */

/* Whoever gave a PIN was not asked for the last try then; others have spent those before it while
 * this one was in line. */
static gboolean
would_spend_last_try(const MeishiTokenWork *work)
{
    const gboolean has_pin = (work->pin != NULL && !work->is_unblocking) || work->job.pin != NULL;

    return has_pin && work->known_tries < MEISHI_PIN_LAST_TRY &&
           meishi_token_use_pin_tries(work->use) == MEISHI_PIN_LAST_TRY;
}

static void
run(GTask *task)
{
    MeishiTokenWork *work = g_task_get_task_data(task);

    if (work->use->watch == NULL)
        meishi_token_work_finish(task, NULL, new_lost_error(work->use));
    else if (would_spend_last_try(work))
        meishi_token_work_finish(task, NULL,
                                 g_error_new(MEISHI_ERROR, MEISHI_ERROR_DENIED,
                                             "One try is left by now at the PIN of the token "
                                             "\"%s\", and was not spent.",
                                             work->use->token->label));
    else if (g_cancellable_is_cancelled(g_task_get_cancellable(task)))
        meishi_token_work_finish(
            task, NULL, g_error_new(MEISHI_ERROR, MEISHI_ERROR_CANCELLED, "This was cancelled."));
    else
        work->begin(task);
}

static void
run_next(MeishiTokenUse *use)
{
    if (use->current != NULL)
        return;
    if (use->wants_logout_first || (use->wants_logout && meishi_turns_count(use->turns) == 0))
        run_logout(use);
    use->current = meishi_turns_take(use->turns);
    if (use->current != NULL)
        run(use->current);
}

/* From the main loop, so that no callback comes before the call that made it has returned. */
static gboolean
on_turn(gpointer user_data)
{
    run_next(user_data);
    return G_SOURCE_REMOVE;
}

/* A person who does not want to type at the reader any more: no module can be told so, and it would
 * go on asking for minutes. */
static void
on_cancelled(GCancellable *cancellable, gpointer user_data)
{
    const MeishiTokenWork *work = user_data;

    if (work->is_at_reader && work->use->watch != NULL)
        meishi_token_host_restart(meishi_module_watch_host(work->use->watch),
                                  "the PIN was not typed at the reader.");
}

static void
heed(MeishiTokenWork *work, GCancellable *cancellable)
{
    if (cancellable == NULL)
        return;
    work->cancellable = g_object_ref(cancellable);
    work->cancelled_id = g_signal_connect(cancellable, "cancelled", G_CALLBACK(on_cancelled), work);
}

void
meishi_token_work_enqueue(MeishiTokenWork *work, gconstpointer who, GTask *task)
{
    MeishiTokenUse *use = work->use;
    g_autoptr(GSource) source = g_idle_source_new();

    work->known_tries = meishi_token_use_pin_tries(use);
    heed(work, g_task_get_cancellable(task));
    g_task_set_task_data(task, work, work_free);
    meishi_turns_add(use->turns, who, task);
    g_source_set_priority(source, G_PRIORITY_DEFAULT);
    g_source_set_callback(source, on_turn, meishi_token_use_ref(use),
                          (GDestroyNotify)meishi_token_use_unref);
    g_source_attach(source, g_task_get_context(task));
}

void
meishi_token_use_lose(MeishiTokenUse *use)
{
    GTask *task;

    use->watch = NULL;
    meishi_token_use_forget_login(use);
    while ((task = meishi_turns_take(use->turns)) != NULL) {
        g_task_return_error(task, new_lost_error(use));
        g_object_unref(task);
    }
}

/* ---- calls ---------------------------------------------------------------------------------- */

void
meishi_token_use_login_async(MeishiTokenUse *use, MeishiSecret *pin, GAsyncReadyCallback callback,
                             gpointer user_data)
{
    GTask *task = g_task_new(NULL, NULL, callback, user_data);
    MeishiTokenWork *work = meishi_token_work_new(use, run_login);

    work->pin = pin != NULL ? meishi_secret_ref(pin) : NULL;
    meishi_token_work_enqueue(work, use, task);
}

void
meishi_token_use_login_at_reader_async(MeishiTokenUse *use, GCancellable *cancellable,
                                       GAsyncReadyCallback callback, gpointer user_data)
{
    GTask *task = g_task_new(NULL, cancellable, callback, user_data);

    meishi_token_work_enqueue(meishi_token_work_new(use, run_login), use, task);
}

gboolean
meishi_token_use_login_finish(GAsyncResult *result, GError **error)
{
    g_autoptr(MeishiSecret) nothing = g_task_propagate_pointer(G_TASK(result), error);

    return nothing != NULL;
}

MeishiSecret *
meishi_token_use_taken_pin(GAsyncResult *result)
{
    const MeishiTokenWork *work = g_task_get_task_data(G_TASK(result));

    if (work->was_open)
        return NULL;
    return work->new_pin != NULL ? work->new_pin : work->pin;
}

static gsize
total_length(const MeishiTokenJob *job)
{
    gsize total = 0;

    for (guint i = 0; i < job->n_ways; i++) {
        total += job->ways[i].data.len;
        for (guint j = 0; j < job->ways[i].mechanism.n_strings; j++)
            total += job->ways[i].mechanism.strings[j].len;
    }
    return total;
}

static void
keep(struct meishi_bytes *bytes, GByteArray *store)
{
    gsize at = store->len;

    if (bytes->len > 0)
        g_byte_array_append(store, bytes->data, (guint)bytes->len);
    bytes->data = store->data + at;
}

/* One run of bytes of its own for everything that the ways point to; its room is made before, so
 * that it does not move. */
static void
keep_ways(MeishiTokenWork *work)
{
    GByteArray *store = g_byte_array_sized_new((guint)total_length(&work->job) + 1);

    for (guint i = 0; i < work->job.n_ways; i++) {
        keep(&work->job.ways[i].data, store);
        for (guint j = 0; j < work->job.ways[i].mechanism.n_strings; j++)
            keep(&work->job.ways[i].mechanism.strings[j], store);
    }
    work->bytes = g_byte_array_free_to_bytes(store);
}

void
meishi_token_use_operate_async(MeishiTokenUse *use, const MeishiTokenJob *job,
                               GCancellable *cancellable, GAsyncReadyCallback callback,
                               gpointer user_data)
{
    GTask *task = g_task_new(NULL, cancellable, callback, user_data);
    MeishiTokenWork *work = meishi_token_work_new(use, meishi_token_work_operate);

    work->job = *job;
    work->job.pin = job->pin != NULL ? meishi_secret_ref(job->pin) : NULL;
    work->identity.cert = meishi_cert_ref(job->identity->cert);
    work->identity.id = job->identity->id != NULL ? g_bytes_ref(job->identity->id) : NULL;
    work->identity.label = g_strdup(job->identity->label);
    work->job.identity = &work->identity;
    keep_ways(work);
    meishi_token_work_enqueue(work, job->who, task);
}

MeishiSecret *
meishi_token_use_operate_finish(GAsyncResult *result, GError **error)
{
    return g_task_propagate_pointer(G_TASK(result), error);
}
