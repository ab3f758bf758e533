/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Using a key on a token: try it; where that says that a PIN is missing, have the person asked and
 * try again.
 *
 *      try ── LOCKED ──────────────► the token's PIN, one question for all ──► try
 *       │ └── PASSWORD_REQUIRED ───► a PIN for this use alone; giving it is the try
 *       └──── UNAVAILABLE ─────────► the module may be starting anew: wait a little ──► try
 *                                    the vault has the key, too: that one
 *
 * Each of these once.  A Call is both what is under way and, with a PIN for each use, the lock that
 * the PIN opens.
 */
#include "daemon/agent/token-keep.h"
#include "daemon/agent/token-spare.h"
#include "daemon/base/error.h"

#include <string.h>

#define RETURN_MS    5000 /* what a module that starts anew takes to find its token */
#define RETURN_EVERY 100  /* ms */

typedef struct {
    gint refs;
    MeishiAgent *agent;
    GTask *task;
    GCancellable *cancellable; /* NULL: none */
    MeishiApplication *application;
    MeishiIdentity *identity;
    MeishiOperation op;
    MeishiAway away;
    MeishiTokenLock *lock; /* where it was tried last; NULL */
    MeishiOpening *each_use;
    MeishiSecret *given; /* for this use, until it was tried */
    MeishiSecret *result;
    gboolean was_asked, has_waited;
    guint waited_ms;
} Call;

static void try_now(Call *call);

static void
call_unref(Call *call)
{
    if (--call->refs > 0)
        return;
    if (call->lock != NULL)
        meishi_token_keep_note_use(call->lock);
    g_clear_object(&call->task);
    g_clear_object(&call->cancellable);
    meishi_opening_free(call->each_use);
    meishi_application_unref(call->application);
    meishi_identity_unref(call->identity);
    meishi_away_clear(&call->away);
    meishi_token_lock_unref(call->lock);
    meishi_secret_unref(call->given);
    meishi_secret_unref(call->result);
    g_object_unref(call->agent);
    g_free(call);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Call, call_unref)

static Call *
call_ref(Call *call)
{
    call->refs++;
    return call;
}

static void
give(Call *call, MeishiSecret *result)
{
    g_task_return_pointer(call->task, result, (GDestroyNotify)meishi_secret_unref);
}

/* ---- trying -----------------------------------------------------------------------------------
 */

/* However the token did it, the result is what the simplest way verifies as. */
static gboolean
verify(struct meishi_bytes result, gpointer user_data)
{
    const Call *call = user_data;
    const MeishiAwayWay *way = &call->away.ways[0];
    gsize len;
    const guint8 *data = g_bytes_get_data(way->data, &len);

    return meishi_public_verify(call->identity->key->spki, &way->mechanism, data, len, result.data,
                                result.len, NULL);
}

static void
release_call(gpointer call)
{
    call_unref(call);
}

static void
set_way(const MeishiAwayWay *from, MeishiTokenWay *ret)
{
    gsize len;

    ret->mechanism.type = from->mechanism.type;
    ret->mechanism.n_numbers = from->mechanism.n_numbers;
    ret->mechanism.n_strings = from->mechanism.n_strings;
    memcpy(ret->mechanism.numbers, from->mechanism.numbers, sizeof ret->mechanism.numbers);
    for (guint i = 0; i < from->mechanism.n_strings; i++) {
        ret->mechanism.strings[i].data = from->mechanism.strings[i].data;
        ret->mechanism.strings[i].len = from->mechanism.strings[i].len;
    }
    ret->data.data = g_bytes_get_data(from->data, &len);
    ret->data.len = len;
}

void
meishi_token_job_set_ways(MeishiTokenJob *job, const MeishiAway *away)
{
    job->n_ways = away->n;
    for (guint i = 0; i < away->n; i++)
        set_way(&away->ways[i], &job->ways[i]);
}

/* Programs take turns at a token, and not connections. */
static void
run_job(Call *call, const MeishiTokenEntry *entry, MeishiSecret *pin, GCancellable *cancellable,
        GAsyncReadyCallback callback, gpointer user_data)
{
    const gboolean signs = call->op == MEISHI_OP_SIGN || call->op == MEISHI_OP_SIGN_RECOVER;
    MeishiTokenJob job = {
        .who = call->application,
        .identity = entry->identity,
        .operation = call->op,
        .pin = pin,
        .verify = signs ? verify : NULL,
        .verify_data = signs ? call_ref(call) : NULL,
        .verify_free = signs ? release_call : NULL,
    };

    meishi_token_job_set_ways(&job, &call->away);
    job.use_pad = call->each_use != NULL && pin == NULL;
    meishi_token_use_operate_async(entry->lock->use, &job, cancellable, callback, user_data);
}

static const MeishiTokenEntry *
find_entry(const Call *call)
{
    return call->agent->shelf != NULL
               ? meishi_token_shelf_find(call->agent->shelf, call->identity->cert)
               : NULL;
}

static GError *
new_absent_error(const Call *call)
{
    return g_error_new(MEISHI_ERROR, MEISHI_ERROR_UNAVAILABLE, "The token “%s” is not there.",
                       call->identity->place->label);
}

/* ---- a PIN for each use -----------------------------------------------------------------------
 */

static gpointer
ref_key(gpointer lock)
{
    return call_ref(lock);
}

static void
unref_key(gpointer lock)
{
    call_unref(lock);
}

static void
look_at_key(gpointer lock, MeishiLockFacts *ret_facts)
{
    const Call *call = lock;

    meishi_token_lock_look(call->lock, ret_facts);
    ret_facts->each_use = TRUE;
}

static void
on_key_tried(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    Call *call = g_task_get_task_data(task);
    GError *error = NULL;

    g_clear_pointer(&call->given, meishi_secret_unref);
    g_clear_pointer(&call->result, meishi_secret_unref);
    call->result = meishi_token_use_operate_finish(result, &error);
    if (error != NULL)
        g_task_return_error(task, error);
    else
        g_task_return_boolean(task, TRUE);
}

/* A PIN that was given is used; at the reader it may be that nobody gives one any more.  It is for
 * the token that was asked about, and for none that shows the same certificate by now. */
static void
run_key(Call *call, GCancellable *cancellable, GTask *task)
{
    const MeishiTokenEntry *entry = find_entry(call);

    if (entry != NULL && entry->lock == call->lock) {
        run_job(call, entry, call->given, call->given != NULL ? call->cancellable : cancellable,
                on_key_tried, task);
        return;
    }
    g_task_return_error(task, new_absent_error(call));
    g_object_unref(task);
}

static void
on_key_opened(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    Call *call = g_task_get_task_data(task);
    GError *error = NULL;

    if (meishi_token_lock_try_finish(call->lock, result, &error))
        run_key(call, NULL, g_steal_pointer(&task));
    else
        g_task_return_error(task, error);
}

/* The login may have ended while the person typed, as it does where it is kept for nobody; the PIN
 * is the same. */
static gboolean
is_closed_again(const MeishiTokenUse *use)
{
    return !meishi_token_use_is_lost(use) && !meishi_token_use_is_logged_in(use) &&
           meishi_token_content_needs_login(meishi_token_use_token(use));
}

static void
try_key_async(gpointer lock, MeishiSecret *secret, GCancellable *cancellable,
              GAsyncReadyCallback callback, gpointer user_data)
{
    Call *call = lock;
    GTask *task = g_task_new(NULL, NULL, callback, user_data);

    g_task_set_task_data(task, call_ref(call), release_call);
    g_clear_pointer(&call->given, meishi_secret_unref);
    call->given = secret != NULL ? meishi_secret_ref(secret) : NULL;
    if (secret != NULL && is_closed_again(call->lock->use))
        meishi_token_lock_try_async(call->lock, secret, NULL, on_key_opened, task);
    else
        run_key(call, cancellable, task);
}

static gboolean
try_key_finish(gpointer lock, GAsyncResult *result, GError **error)
{
    meishi_agent_announce_hints(((Call *)lock)->agent); /* fewer tries, where it was wrong */
    return g_task_propagate_boolean(G_TASK(result), error);
}

static GError *
refuse_key(gpointer lock, const char *why)
{
    return meishi_token_lock_refusal(((Call *)lock)->lock, why);
}

static const MeishiLockClass key_class = {
    .kind = "pin",
    .ref = ref_key,
    .unref = unref_key,
    .look = look_at_key,
    .try_async = try_key_async,
    .try_finish = try_key_finish,
    .new_refusal = refuse_key,
};

/* ---- the vault's key, where there is one -------------------------------------------------------
 */

static void
on_spare_used(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(Call) call = user_data;
    GError *error = NULL;
    MeishiSecret *secret = meishi_token_spare_use_finish(result, &error);

    if (secret != NULL)
        give(call, secret);
    else
        g_task_return_error(call->task, error);
}

static gboolean
is_there(const Call *call)
{
    const MeishiTokenEntry *entry = find_entry(call);

    return entry != NULL && !meishi_token_use_is_lost(entry->lock->use);
}

/* The card went, and the same certificate is in the vault. */
static gboolean
has_spare(const Call *call)
{
    return call->identity->is_in_vault && !is_there(call) &&
           !g_cancellable_is_cancelled(call->cancellable);
}

/* Takes @error.  Where a PIN was missing and the token is, too, the token is what is missing. */
static void
fail(Call *call, GError *error)
{
    g_autoptr(GError) why = error;

    if (has_spare(call))
        meishi_token_spare_use_async(call->agent, call->identity, call->op, &call->away,
                                     on_spare_used, call_ref(call));
    else if (g_error_matches(why, MEISHI_ERROR, MEISHI_ERROR_LOCKED) && !is_there(call))
        g_task_return_error(call->task, new_absent_error(call));
    else
        g_task_return_error(call->task, g_steal_pointer(&why));
}

/* ---- asking -----------------------------------------------------------------------------------
 */

static void
on_login_asked(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(Call) call = user_data;
    GError *error = NULL;

    if (meishi_token_lock_open_finish(result, &error))
        try_now(call);
    else
        fail(call, error);
}

static void
on_key_asked(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(Call) call = user_data;
    GError *error = NULL;

    if (meishi_opening_ask_finish(result, &error))
        give(call, g_steal_pointer(&call->result));
    else
        fail(call, error);
}

static MeishiOpeningCall
describe(const Call *call)
{
    return (MeishiOpeningCall){.application = call->application, .identity = call->identity};
}

static void
ask_to_log_in(Call *call)
{
    const MeishiOpeningCall caller = describe(call);

    call->was_asked = TRUE;
    meishi_token_lock_open_async(call->lock, &caller, call->cancellable, on_login_asked,
                                 call_ref(call));
}

static void
ask_for_this_use(Call *call)
{
    const MeishiOpeningCall caller = describe(call);

    call->was_asked = TRUE;
    call->each_use = meishi_opening_new(call->agent, &key_class, call);
    meishi_opening_ask_async(call->each_use, &caller, call->cancellable, on_key_asked,
                             call_ref(call));
}

/* ---- waiting for a token that may come back ----------------------------------------------------
 */

static gboolean
on_time_to_look(gpointer user_data)
{
    Call *call = user_data;
    const MeishiTokenEntry *entry = find_entry(call);
    gboolean is_back = entry != NULL && !meishi_token_use_is_lost(entry->lock->use) &&
                       (call->lock == NULL || entry->lock != call->lock);

    call->waited_ms += RETURN_EVERY;
    if (!is_back && call->waited_ms < RETURN_MS && !g_cancellable_is_cancelled(call->cancellable))
        return G_SOURCE_CONTINUE;
    try_now(call);
    return G_SOURCE_REMOVE;
}

static void
wait_for_return(Call *call)
{
    call->has_waited = TRUE;
    g_timeout_add_full(G_PRIORITY_DEFAULT, RETURN_EVERY, on_time_to_look, call_ref(call),
                       release_call);
}

/* ---- looking elsewhere -------------------------------------------------------------------------
 */

static gboolean
is_not_here(const GError *error)
{
    return g_error_matches(error, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND) ||
           g_error_matches(error, MEISHI_ERROR, MEISHI_ERROR_KEY_MISMATCH);
}

/* Each place is left once, so that this comes to an end. */
static gboolean
is_elsewhere(Call *call)
{
    const MeishiTokenEntry *entry;

    meishi_token_lock_note_barren(call->lock, call->identity->cert);
    if (call->agent->shelf != NULL)
        meishi_token_shelf_look_elsewhere(call->agent->shelf);
    entry = find_entry(call);
    if (entry == NULL || entry->lock == call->lock)
        return FALSE;
    call->was_asked = FALSE; /* it has a PIN of its own */
    return TRUE;
}

/* ---- the call ---------------------------------------------------------------------------------
 */

static void
on_tried(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(Call) call = user_data;
    g_autoptr(GError) error = NULL;
    MeishiSecret *secret = meishi_token_use_operate_finish(result, &error);

    if (secret != NULL)
        give(call, secret);
    else if (g_error_matches(error, MEISHI_ERROR, MEISHI_ERROR_LOCKED) && !call->was_asked)
        ask_to_log_in(call);
    else if (g_error_matches(error, MEISHI_ERROR, MEISHI_ERROR_PASSWORD_REQUIRED))
        ask_for_this_use(call);
    else if (g_error_matches(error, MEISHI_ERROR, MEISHI_ERROR_UNAVAILABLE) && !call->has_waited &&
             !has_spare(call))
        wait_for_return(call);
    else if (is_not_here(error) && is_elsewhere(call))
        try_now(call);
    else
        fail(call, g_steal_pointer(&error));
}

static void
try_now(Call *call)
{
    const MeishiTokenEntry *entry = find_entry(call);

    if (g_cancellable_is_cancelled(call->cancellable)) {
        g_task_return_new_error(call->task, MEISHI_ERROR, MEISHI_ERROR_CANCELLED,
                                "This was cancelled.");
        return;
    }
    if (entry == NULL) {
        fail(call, new_absent_error(call));
        return;
    }
    meishi_token_lock_ref(entry->lock);
    meishi_token_lock_unref(call->lock);
    call->lock = entry->lock;
    run_job(call, entry, NULL, call->cancellable, on_tried, call_ref(call));
}

void
meishi_agent_use_token_async(MeishiAgent *agent, MeishiApplication *application,
                             MeishiIdentity *identity, MeishiOperation op, MeishiAway *away,
                             GCancellable *cancellable, GAsyncReadyCallback callback,
                             gpointer user_data)
{
    g_autoptr(Call) call = g_new0(Call, 1);

    call->refs = 1;
    call->agent = g_object_ref(agent);
    call->task = g_task_new(agent, cancellable, callback, user_data);
    call->cancellable = cancellable != NULL ? g_object_ref(cancellable) : NULL;
    call->application = meishi_application_ref(application);
    call->identity = meishi_identity_ref(identity);
    call->op = op;
    call->away = *away;
    *away = (MeishiAway){0};
    try_now(call);
}

MeishiSecret *
meishi_agent_use_token_finish(MeishiAgent *agent, GAsyncResult *result, GError **error)
{
    return g_task_propagate_pointer(G_TASK(result), error);
}
