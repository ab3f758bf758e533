/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A token as something that a person opens with its PIN; the asking is opening.h.
 *
 *      the PIN that is stored, where one is (token-stored.c) ── not right, or none ──► the person
 *
 * Whoever gets a token opened here has the PIN kept as long as it may be (token-keep.c).
 */
#include "daemon/agent/token-keep.h"

#include "daemon/base/error.h"

MeishiTokenLock *
meishi_token_lock_find(const MeishiAgent *agent, const char *label, GError **error)
{
    for (guint i = 0; agent->shelf != NULL && i < agent->shelf->locks->len; i++) {
        MeishiTokenLock *lock = agent->shelf->locks->pdata[i];

        if (g_str_equal(lock->place->slot_label, label))
            return lock;
    }
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND,
                "The token “%s” is not there. Insert it and try again.", label);
    return NULL;
}

/* ---- facts and words ------------------------------------------------------------------------ */

static MeishiLockTries
tries_of(const MeishiTokenUse *use)
{
    static const MeishiLockTries tries[] = {
        [MEISHI_PIN_UNKNOWN] = MEISHI_LOCK_TRIES_ENOUGH,
        [MEISHI_PIN_LOW] = MEISHI_LOCK_TRIES_FEW,
        [MEISHI_PIN_LAST_TRY] = MEISHI_LOCK_TRIES_LAST,
        [MEISHI_PIN_BLOCKED] = MEISHI_LOCK_TRIES_NONE,
    };

    return tries[meishi_token_use_pin_tries(use)];
}

/* A sentence; new.  Only a TPM forgives by itself, and takes no PUK meanwhile. */
static char *
advise(const MeishiTokenLock *lock)
{
    g_autofree char *label = g_shell_quote(lock->place->slot_label);

    if (lock->place->kind == MEISHI_TOKEN_TPM)
        return g_strdup("A TPM takes PINs again by itself after some time.");
    return g_strdup_printf("`meishi token pin %s --unblock` sets a new one with the PUK.", label);
}

/* NULL: nothing is known of them.  New, as above. */
static char *
count_tries(const MeishiTokenLock *lock)
{
    static const char *const sentences[] = {
        [MEISHI_LOCK_TRIES_FEW] = "Few tries are left.",
        [MEISHI_LOCK_TRIES_LAST] = "One try is left: a wrong PIN then blocks it.",
    };
    MeishiLockTries tries = tries_of(lock->use);

    return tries < G_N_ELEMENTS(sentences) ? g_strdup(sentences[tries]) : NULL;
}

void
meishi_token_lock_explain(const MeishiTokenLock *lock, GError **error)
{
    g_autofree char *advice = NULL;
    char *message;

    if (error == NULL || *error == NULL)
        return;
    if (g_error_matches(*error, MEISHI_ERROR, MEISHI_ERROR_LOCKED))
        advice = advise(lock);
    else if (g_error_matches(*error, MEISHI_ERROR, MEISHI_ERROR_WRONG_SECRET))
        advice = count_tries(lock);
    if (advice == NULL)
        return;
    message = g_strjoin(" ", (*error)->message, advice, NULL);
    g_free((*error)->message);
    (*error)->message = message;
}

/* ---- the lock ------------------------------------------------------------------------------- */

void
meishi_token_lock_look(const MeishiTokenLock *lock, MeishiLockFacts *ret_facts)
{
    const MeishiTokenContent *token = meishi_token_use_token(lock->use);

    if (meishi_token_use_is_lost(lock->use))
        ret_facts->state = MEISHI_LOCK_GONE;
    else if (meishi_token_use_is_logged_in(lock->use))
        ret_facts->state = MEISHI_LOCK_OPEN;
    ret_facts->tries = tries_of(lock->use);
    ret_facts->token = lock->place->label;
    ret_facts->reader = lock->place->reader;
    ret_facts->min_length = token->min_pin;
    ret_facts->max_length = token->max_pin;
    ret_facts->is_pad = meishi_token_content_has_pin_pad(token);
}

GError *
meishi_token_lock_refusal(const MeishiTokenLock *lock, const char *why)
{
    GError *error = g_error_new(MEISHI_ERROR, MEISHI_ERROR_LOCKED,
                                "The token “%s” wants its PIN, and %s.", lock->place->label, why);

    if (tries_of(lock->use) == MEISHI_LOCK_TRIES_NONE)
        meishi_token_lock_explain(lock, &error);
    return error;
}

static gpointer
ref_token(gpointer lock)
{
    return meishi_token_lock_ref(lock);
}

static void
unref_token(gpointer lock)
{
    meishi_token_lock_unref(lock);
}

static void
look_at_token(gpointer lock, MeishiLockFacts *ret_facts)
{
    meishi_token_lock_look(lock, ret_facts);
}

void
meishi_token_lock_try_async(MeishiTokenLock *lock, MeishiSecret *pin, GCancellable *cancellable,
                            GAsyncReadyCallback callback, gpointer user_data)
{
    if (pin != NULL)
        meishi_token_use_login_async(lock->use, pin, callback, user_data);
    else
        meishi_token_use_login_at_reader_async(lock->use, cancellable, callback, user_data);
}

/* Either way the token shows something else now: a login, or fewer tries. */
gboolean
meishi_token_lock_try_finish(MeishiTokenLock *lock, GAsyncResult *result, GError **error)
{
    MeishiAgent *agent = lock->agent;
    gboolean ok = meishi_token_use_login_finish(result, error);

    if (agent != NULL)
        meishi_agent_announce_hints(agent);
    if (ok)
        meishi_token_keep_note_opened(lock, meishi_token_use_taken_pin(result));
    else
        meishi_token_lock_explain(lock, error);
    return ok;
}

static void
try_token_async(gpointer lock, MeishiSecret *secret, GCancellable *cancellable,
                GAsyncReadyCallback callback, gpointer user_data)
{
    meishi_token_lock_try_async(lock, secret, cancellable, callback, user_data);
}

static gboolean
try_token_finish(gpointer lock, GAsyncResult *result, GError **error)
{
    return meishi_token_lock_try_finish(lock, result, error);
}

static GError *
refuse_token(gpointer lock, const char *why)
{
    return meishi_token_lock_refusal(lock, why);
}

static const MeishiLockClass token_class = {
    .kind = "pin",
    .ref = ref_token,
    .unref = unref_token,
    .look = look_at_token,
    .try_async = try_token_async,
    .try_finish = try_token_finish,
    .new_refusal = refuse_token,
};

MeishiOpening *
meishi_token_lock_opening(MeishiTokenLock *lock)
{
    if (lock->opening == NULL)
        lock->opening = meishi_opening_new(lock->agent, &token_class, lock);
    return lock->opening;
}

/* ---- opening it ----------------------------------------------------------------------------- */

typedef struct {
    MeishiTokenLock *lock;
    MeishiApplication *application;
    MeishiIdentity *identity; /* NULL */
} Wish;

static void
wish_free(gpointer data)
{
    Wish *wish = data;

    meishi_token_lock_unref(wish->lock);
    meishi_application_unref(wish->application);
    meishi_identity_unref(wish->identity);
    g_free(wish);
}

static void
on_asked(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    GError *error = NULL;

    if (meishi_opening_ask_finish(result, &error))
        g_task_return_boolean(task, TRUE);
    else
        g_task_return_error(task, error);
}

static void
on_stored_tried(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    const Wish *wish = g_task_get_task_data(task);
    const MeishiOpeningCall call = {.application = wish->application, .identity = wish->identity};
    GCancellable *cancellable = g_task_get_cancellable(task);

    if (meishi_token_stored_try_finish(result))
        g_task_return_boolean(task, TRUE);
    else if (wish->lock->agent == NULL)
        g_task_return_error(task, meishi_token_lock_refusal(wish->lock, "meishid is ending"));
    else
        meishi_opening_ask_async(meishi_token_lock_opening(wish->lock), &call, cancellable,
                                 on_asked, g_steal_pointer(&task));
}

void
meishi_token_lock_open_async(MeishiTokenLock *lock, const MeishiOpeningCall *call,
                             GCancellable *cancellable, GAsyncReadyCallback callback,
                             gpointer user_data)
{
    GTask *task = g_task_new(lock->agent, cancellable, callback, user_data);
    Wish *wish = g_new0(Wish, 1);

    wish->lock = meishi_token_lock_ref(lock);
    wish->application = meishi_application_ref(call->application);
    if (call->identity != NULL)
        wish->identity = meishi_identity_ref((MeishiIdentity *)call->identity);
    g_task_set_task_data(task, wish, wish_free);
    g_task_set_check_cancellable(task, FALSE); /* the opening says it, once */
    meishi_token_stored_try_async(lock, on_stored_tried, task);
}

gboolean
meishi_token_lock_open_finish(GAsyncResult *result, GError **error)
{
    return g_task_propagate_boolean(G_TASK(result), error);
}
