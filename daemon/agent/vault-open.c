/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiVault: fetching the key.  Attempts without a passphrase are shared by everybody who waits
 * for the vault; a lock in the meantime wins over each of them.
 */
#include "daemon/agent/vault-private.h"

#include "daemon/agent/slot-open.h"
#include "daemon/base/error.h"

/* Starts opening; FALSE where not even that can be done. */
static gboolean
open_slots(MeishiVault *vault, MeishiSecret *passphrase, gboolean interactive,
           GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data,
           GError **error)
{
    g_autoptr(GPtrArray) slots = meishi_vault_list_slots(vault, error);
    g_autoptr(GBytes) vault_id = NULL;

    if (slots == NULL)
        return FALSE;
    vault_id = meishi_store_vault_id(vault->store);
    meishi_slot_open_async(slots, vault_id, passphrase, interactive, cancellable, callback,
                           user_data);
    return TRUE;
}

/* Takes the key in unless the vault was locked since @n_locks. */
static gboolean
take_opened(MeishiVault *vault, MeishiSecret *key, guint n_locks, GError **error)
{
    if (n_locks != vault->n_locks) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_LOCKED,
                    "The vault was locked meanwhile; run `meishi unlock`.");
        return FALSE;
    }
    vault->was_locked_by_person = FALSE;
    meishi_vault_take_in(vault, MEISHI_VAULT_EVENT_OPENED, key);
    return TRUE;
}

static void
return_outcome(GTask *task, const GError *error)
{
    if (error != NULL)
        g_task_return_error(task, g_error_copy(error));
    else
        g_task_return_boolean(task, TRUE);
}

typedef struct {
    GTask *task; /* with a passphrase; NULL for the shared attempt */
    MeishiVault *vault;
    guint n_locks;
} Attempt;

static void
attempt_free(Attempt *attempt)
{
    g_clear_object(&attempt->task);
    g_object_unref(attempt->vault);
    g_free(attempt);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Attempt, attempt_free)

static Attempt *
attempt_new(MeishiVault *vault, GTask *task)
{
    Attempt *attempt = g_new0(Attempt, 1);

    attempt->vault = g_object_ref(vault);
    attempt->task = task != NULL ? g_object_ref(task) : NULL;
    attempt->n_locks = vault->n_locks;
    return attempt;
}

static gboolean
wants_interaction(GTask *task)
{
    return GPOINTER_TO_INT(g_task_get_task_data(task)) == MEISHI_VAULT_ON_DEMAND;
}

static void join_attempt(MeishiVault *vault, GTask *task);

/* Ends the shared attempt.  Who may ask the person goes on where the attempt was not allowed to. */
static void
answer_waiting(MeishiVault *vault, const GError *error)
{
    g_autoptr(GPtrArray) waiting = g_steal_pointer(&vault->waiting);
    gboolean was_interactive = vault->attempt_is_interactive;

    for (guint i = 0; i < waiting->len; i++) {
        GTask *task = g_ptr_array_index(waiting, i);

        if (error != NULL && !was_interactive && wants_interaction(task))
            join_attempt(vault, task);
        else
            return_outcome(task, error);
    }
}

static void
on_opened_for_all(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(Attempt) attempt = user_data;
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiSecret) key = meishi_slot_open_finish(result, &error);

    if (key != NULL && !take_opened(attempt->vault, key, attempt->n_locks, &error))
        g_debug("unlocked in vain: %s", error->message);
    answer_waiting(attempt->vault, error);
}

/* "Unlock once": a burst of first signatures costs one visit to the keyring.  The attempt is not
 * tied to any waiter's cancellable, because it is not any one's. */
static void
join_attempt(MeishiVault *vault, GTask *task)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Attempt) attempt = NULL;

    if (vault->waiting != NULL) {
        g_ptr_array_add(vault->waiting, g_object_ref(task));
        return;
    }
    attempt = attempt_new(vault, NULL);
    if (!open_slots(vault, NULL, wants_interaction(task), NULL, on_opened_for_all, attempt,
                    &error)) {
        return_outcome(task, error);
        return;
    }
    g_steal_pointer(&attempt);
    vault->attempt_is_interactive = wants_interaction(task);
    vault->waiting = g_ptr_array_new_with_free_func(g_object_unref);
    g_ptr_array_add(vault->waiting, g_object_ref(task));
}

static void
on_opened_with_passphrase(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(Attempt) attempt = user_data;
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiSecret) key = meishi_slot_open_finish(result, &error);

    if (key != NULL && !take_opened(attempt->vault, key, attempt->n_locks, &error))
        g_debug("unlocked in vain: %s", error->message);
    return_outcome(attempt->task, error);
}

static void
open_with_passphrase(MeishiVault *vault, MeishiSecret *passphrase, GTask *task)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Attempt) attempt = attempt_new(vault, task);

    if (open_slots(vault, passphrase, FALSE, g_task_get_cancellable(task),
                   on_opened_with_passphrase, attempt, &error))
        g_steal_pointer(&attempt);
    else
        return_outcome(task, error);
}

void
meishi_vault_unlock_async(MeishiVault *vault, MeishiSecret *passphrase, MeishiVaultUnlocking how,
                          GCancellable *cancellable, GAsyncReadyCallback callback,
                          gpointer user_data)
{
    g_autoptr(GTask) task = g_task_new(vault, cancellable, callback, user_data);

    g_task_set_task_data(task, GINT_TO_POINTER(how), NULL);
    if (vault->state == MEISHI_VAULT_UNLOCKED)
        g_task_return_boolean(task, TRUE);
    else if (how == MEISHI_VAULT_SILENTLY && vault->was_locked_by_person &&
             vault->state == MEISHI_VAULT_LOCKED)
        g_task_return_new_error(task, MEISHI_ERROR, MEISHI_ERROR_LOCKED,
                                "The vault is locked; run `meishi unlock`.");
    else if (passphrase != NULL)
        open_with_passphrase(vault, passphrase, task);
    else
        join_attempt(vault, task);
}

static void
on_confirmed(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    GError *error = NULL;
    MeishiSecret *key = meishi_slot_open_finish(result, &error);

    if (key != NULL)
        g_task_return_pointer(task, key, (GDestroyNotify)meishi_secret_unref);
    else
        g_task_return_error(task, error);
}

void
meishi_vault_confirm_async(MeishiVault *vault, MeishiSecret *passphrase, GCancellable *cancellable,
                           GAsyncReadyCallback callback, gpointer user_data)
{
    g_autoptr(GTask) task = g_task_new(vault, cancellable, callback, user_data);
    GError *error = NULL;

    if (open_slots(vault, passphrase, TRUE, cancellable, on_confirmed, task, &error))
        g_steal_pointer(&task);
    else
        g_task_return_error(task, error);
}

MeishiSecret *
meishi_vault_confirm_finish(GAsyncResult *result, GError **error)
{
    return g_task_propagate_pointer(G_TASK(result), error);
}

/* ---- what remains without a slot --------------------------------------------------------- */

static gboolean
has_passphrase(const GPtrArray *slots)
{
    for (guint i = 0; i < slots->len; i++) {
        const MeishiStoreSlot *slot = g_ptr_array_index(slots, i);

        if (slot->kind == MEISHI_SLOT_PASSPHRASE)
            return TRUE;
    }
    return FALSE;
}

static GPtrArray *
list_others(MeishiVault *vault, gint64 id, GError **error)
{
    GPtrArray *slots = meishi_vault_list_slots(vault, error);

    for (guint i = 0; slots != NULL && i < slots->len; i++) {
        const MeishiStoreSlot *slot = g_ptr_array_index(slots, i);

        if (slot->id == id) {
            g_ptr_array_remove_index(slots, i);
            break;
        }
    }
    return slots;
}

static void
on_other_tried(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    g_autoptr(GError) cause = NULL;
    g_autoptr(MeishiSecret) key = meishi_slot_open_finish(result, &cause);

    if (key != NULL)
        g_task_return_boolean(task, TRUE);
    else if (g_error_matches(cause, MEISHI_ERROR, MEISHI_ERROR_LOCKED))
        g_task_return_new_error(task, MEISHI_ERROR, MEISHI_ERROR_DENIED,
                                "No other key slot opens the vault at the moment, so this one has "
                                "to stay. `meishi vault check` says what is wrong with them.");
    else
        g_task_return_error(task, g_steal_pointer(&cause));
}

void
meishi_vault_try_others_async(MeishiVault *vault, gint64 id, GCancellable *cancellable,
                              GAsyncReadyCallback callback, gpointer user_data)
{
    g_autoptr(GTask) task = g_task_new(vault, cancellable, callback, user_data);
    g_autoptr(GPtrArray) others = NULL;
    g_autoptr(GBytes) vault_id = NULL;
    GError *error = NULL;

    others = list_others(vault, id, &error);
    if (others == NULL) {
        g_task_return_error(task, error);
        return;
    }
    if (others->len == 0 || has_passphrase(others)) {
        g_task_return_boolean(task, TRUE);
        return;
    }
    vault_id = meishi_store_vault_id(vault->store);
    meishi_slot_open_async(others, vault_id, NULL, TRUE, cancellable, on_other_tried,
                           g_object_ref(task));
}
