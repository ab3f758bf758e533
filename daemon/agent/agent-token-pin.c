/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Another PIN for a token, and the one that it has; see token-pin.h.  What cannot be right is
 * refused here, before the token counts it as a wrong try; how it is done is
 * daemon/token/token-use-pin.c.
 */
#include "daemon/agent/token-pin.h"

#include "daemon/agent/token-keep.h"
#include "daemon/base/error.h"

/* ---- what is refused ------------------------------------------------------------------------ */

static gboolean
refuse(GError **error, MeishiErrorCode code, const char *format, const MeishiTokenLock *lock)
{
    g_auto(GStrv) parts = g_strsplit(format, "%s", 2);

    g_set_error(error, MEISHI_ERROR, (gint)code, "%s“%s”%s", parts[0], lock->place->slot_label,
                parts[1]);
    return FALSE;
}

/* @is_typed: what is needed came with the call; @is_pad: nothing did. */
static gboolean
check_token(const MeishiTokenLock *lock, gboolean is_typed, gboolean is_pad, GError **error)
{
    const MeishiTokenContent *token = meishi_token_use_token(lock->use);
    gboolean has_pad = meishi_token_content_has_pin_pad(token);

    if (!meishi_token_content_is_initialized(token))
        return refuse(error, MEISHI_ERROR_UNSUPPORTED,
                      "The token %s has not been set up yet, and so has no PIN.", lock);
    if (!meishi_token_content_needs_login(token))
        return refuse(error, MEISHI_ERROR_UNSUPPORTED, "The token %s has no PIN.", lock);
    if (has_pad && !is_pad)
        return refuse(error, MEISHI_ERROR_INVALID_ARGUMENT,
                      "The PIN of the token %s is typed at its own keys.", lock);
    if (!has_pad && !is_typed)
        return refuse(error, MEISHI_ERROR_INVALID_ARGUMENT,
                      "The token %s has no keys of its own to type a PIN at.", lock);
    return TRUE;
}

static gboolean
check_tries(const MeishiTokenLock *lock, gboolean spends_last_try, GError **error)
{
    MeishiPinTries tries = meishi_token_use_pin_tries(lock->use);

    if (tries == MEISHI_PIN_BLOCKED) {
        (void)refuse(error, MEISHI_ERROR_LOCKED, "The PIN of the token %s is blocked.", lock);
        meishi_token_lock_explain(lock, error);
        return FALSE;
    }
    if (tries == MEISHI_PIN_LAST_TRY && !spends_last_try)
        return refuse(error, MEISHI_ERROR_DENIED,
                      "One try is left at the PIN of the token %s, and nobody said that it may be "
                      "spent.",
                      lock);
    return TRUE;
}

/* The token counts bytes (PKCS#11 2.40, CK_TOKEN_INFO). */
static gboolean
fits(const MeishiSecret *pin, const MeishiTokenContent *token)
{
    return pin == NULL || meishi_token_content_takes_pin(token, meishi_secret_len(pin));
}

static gboolean
check_pin(const MeishiTokenLock *lock, const MeishiSecret *pin, GError **error)
{
    return fits(pin, meishi_token_use_token(lock->use)) ||
           refuse(error, MEISHI_ERROR_WRONG_SECRET,
                  "This is not the PIN of the token %s; it was not tried, since none there has "
                  "that length.",
                  lock);
}

static gboolean
check_pins(const MeishiTokenLock *lock, const MeishiPinChange *change, GError **error)
{
    const MeishiTokenContent *token = meishi_token_use_token(lock->use);
    g_autofree char *length = meishi_token_content_describe_pin(token);

    if (!fits(change->pin, token)) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT,
                    "The new PIN does not fit: one of the token “%s” has %s.",
                    lock->place->slot_label, length);
        return FALSE;
    }
    if (change->is_unblocking || change->pin == NULL)
        return TRUE;
    if (!check_pin(lock, change->by, error))
        return FALSE;
    if (meishi_secret_equal(change->by, change->pin))
        return refuse(error, MEISHI_ERROR_INVALID_ARGUMENT,
                      "The new PIN of the token %s has to be another one.", lock);
    return TRUE;
}

static gboolean
check_change(const MeishiTokenLock *lock, const MeishiPinChange *change, GError **error)
{
    gboolean is_typed = change->by != NULL && change->pin != NULL;
    gboolean is_pad = change->by == NULL && change->pin == NULL;

    return check_token(lock, is_typed, is_pad, error) &&
           (change->is_unblocking || check_tries(lock, change->spends_last_try, error)) &&
           check_pins(lock, change, error);
}

/* ---- another PIN ---------------------------------------------------------------------------- */

typedef struct {
    MeishiTokenLock *lock;
    gboolean is_unblocking;
} Change;

static void
change_free(gpointer data)
{
    Change *change = data;

    meishi_token_lock_unref(change->lock);
    g_free(change);
}

/* Either way the token shows something else now.  A question for the old PIN is over. */
static void
on_set(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    const Change *change = g_task_get_task_data(task);
    GError *error = NULL;
    gboolean ok = meishi_token_use_set_pin_finish(result, &error);

    meishi_agent_announce_hints(g_task_get_source_object(task));
    if (ok)
        meishi_token_keep_note_opened(change->lock, meishi_token_use_taken_pin(result));
    if (change->lock->opening != NULL)
        meishi_opening_look_again(change->lock->opening);
    if (!ok && !change->is_unblocking)
        meishi_token_lock_explain(change->lock, &error);
    if (ok)
        g_task_return_boolean(task, TRUE);
    else
        g_task_return_error(task, error);
}

static void
begin(MeishiTokenLock *lock, const MeishiPinChange *wanted, GTask *task)
{
    Change *change = g_new0(Change, 1);

    change->lock = meishi_token_lock_ref(lock);
    change->is_unblocking = wanted->is_unblocking;
    g_task_set_task_data(task, change, change_free);
    if (wanted->is_unblocking)
        meishi_token_use_unblock_pin_async(lock->use, wanted->by, wanted->pin, on_set, task);
    else
        meishi_token_use_change_pin_async(lock->use, wanted->by, wanted->pin, on_set, task);
}

void
meishi_agent_change_pin_async(MeishiAgent *agent, const MeishiPinChange *change,
                              GAsyncReadyCallback callback, gpointer user_data)
{
    g_autoptr(GTask) task = g_task_new(agent, NULL, callback, user_data);
    GError *error = NULL;
    MeishiTokenLock *lock = meishi_token_lock_find(agent, change->token, &error);

    if (lock == NULL || !check_change(lock, change, &error))
        g_task_return_error(task, error);
    else
        begin(lock, change, g_steal_pointer(&task));
}

gboolean
meishi_agent_change_pin_finish(MeishiAgent *agent, GAsyncResult *result, GError **error)
{
    return g_task_propagate_boolean(G_TASK(result), error);
}

/* ---- giving it ------------------------------------------------------------------------------ */

/* Whoever is being asked for it need not be any more. */
static void
on_opened(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    MeishiTokenLock *lock = g_task_get_task_data(task);
    GError *error = NULL;
    gboolean ok = meishi_token_lock_try_finish(lock, result, &error);

    if (lock->opening != NULL)
        meishi_opening_look_again(lock->opening);
    if (ok)
        g_task_return_boolean(task, TRUE);
    else
        g_task_return_error(task, error);
}

static gboolean
check_gift(const MeishiTokenLock *lock, const MeishiPinGift *gift, GError **error)
{
    return check_token(lock, gift->pin != NULL, gift->pin == NULL, error) &&
           check_tries(lock, gift->spends_last_try, error) && check_pin(lock, gift->pin, error);
}

void
meishi_agent_give_pin_async(MeishiAgent *agent, const MeishiPinGift *gift,
                            GAsyncReadyCallback callback, gpointer user_data)
{
    g_autoptr(GTask) task = g_task_new(agent, NULL, callback, user_data);
    GError *error = NULL;
    MeishiTokenLock *lock = meishi_token_lock_find(agent, gift->token, &error);

    if (lock == NULL) {
        g_task_return_error(task, error);
    } else if (meishi_token_use_is_logged_in(lock->use)) {
        g_task_return_boolean(task, TRUE);
    } else if (!check_gift(lock, gift, &error)) {
        g_task_return_error(task, error);
    } else {
        g_task_set_task_data(task, meishi_token_lock_ref(lock),
                             (GDestroyNotify)meishi_token_lock_unref);
        meishi_token_lock_try_async(lock, gift->pin, NULL, on_opened, g_steal_pointer(&task));
    }
}

gboolean
meishi_agent_give_pin_finish(MeishiAgent *agent, GAsyncResult *result, GError **error)
{
    return g_task_propagate_boolean(G_TASK(result), error);
}

gboolean
meishi_agent_close_token(MeishiAgent *agent, const char *token, GError **error)
{
    MeishiTokenLock *lock = meishi_token_lock_find(agent, token, error);

    if (lock == NULL)
        return FALSE;
    meishi_token_use_logout_first(lock->use);
    meishi_agent_announce_hints(agent);
    return TRUE;
}
