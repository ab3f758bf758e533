/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiVault: one place that holds the vault key.  Decides when it may be fetched and when it is
 * dropped; how slots open is slot-open.c's, how they are made slot-make.c's, and the keys that it
 * seals are nobody's here.  The key is never anywhere but in this object and in the operations
 * under way.
 */
#include "daemon/agent/vault.h"

#include "daemon/agent/slot-make.h"
#include "daemon/agent/slot-open.h"
#include "daemon/base/error.h"

struct _MeishiVault {
    GObject parent_instance;
    MeishiStore *store;
    MeishiVaultState state;
    MeishiSecret *key;
    gboolean was_locked_by_person;
    guint n_locks;      /* a key that was fetched before the last lock is not taken in */
    GPtrArray *waiting; /* GTask: who shares the attempt under way; NULL without one */
    gboolean attempt_is_interactive;
};

G_DEFINE_TYPE(MeishiVault, meishi_vault, G_TYPE_OBJECT)

static guint signal_changed;

typedef enum {
    EVENT_MADE, /* created or restored */
    EVENT_OPENED,
    EVENT_LOCKED,
} Event;

static MeishiVaultState
dispatch(MeishiVaultState state, Event event)
{
    switch (event) {
    case EVENT_MADE:
        return state == MEISHI_VAULT_ABSENT ? MEISHI_VAULT_UNLOCKED : state;
    case EVENT_OPENED:
        return state == MEISHI_VAULT_LOCKED ? MEISHI_VAULT_UNLOCKED : state;
    case EVENT_LOCKED:
        return state == MEISHI_VAULT_UNLOCKED ? MEISHI_VAULT_LOCKED : state;
    }
    return state;
}

static void
meishi_vault_finalize(GObject *object)
{
    MeishiVault *vault = MEISHI_VAULT(object);

    meishi_secret_unref(vault->key);
    G_OBJECT_CLASS(meishi_vault_parent_class)->finalize(object);
}

static void
meishi_vault_class_init(MeishiVaultClass *class)
{
    G_OBJECT_CLASS(class)->finalize = meishi_vault_finalize;
    signal_changed = g_signal_new("vault-changed", MEISHI_TYPE_VAULT, G_SIGNAL_RUN_LAST, 0, NULL,
                                  NULL, NULL, G_TYPE_NONE, 0);
}

static void
meishi_vault_init(MeishiVault *vault)
{
}

MeishiVault *
meishi_vault_new(MeishiStore *store)
{
    MeishiVault *vault = g_object_new(MEISHI_TYPE_VAULT, NULL);

    vault->store = store;
    vault->state = meishi_store_has_vault(store) ? MEISHI_VAULT_LOCKED : MEISHI_VAULT_ABSENT;
    return vault;
}

MeishiVaultState
meishi_vault_state(MeishiVault *vault)
{
    return vault->state;
}

MeishiSecret *
meishi_vault_key(MeishiVault *vault)
{
    return vault->key;
}

static void
take_in(MeishiVault *vault, Event event, MeishiSecret *key)
{
    MeishiVaultState next = dispatch(vault->state, event);

    if (next == vault->state)
        return;
    vault->state = next;
    vault->key = meishi_secret_ref(key);
    g_signal_emit(vault, signal_changed, 0);
}

void
meishi_vault_lock(MeishiVault *vault)
{
    MeishiVaultState next = dispatch(vault->state, EVENT_LOCKED);

    vault->n_locks++;
    vault->was_locked_by_person = TRUE;
    if (next == vault->state)
        return;
    vault->state = next;
    g_clear_pointer(&vault->key, meishi_secret_unref);
    g_signal_emit(vault, signal_changed, 0);
}

gboolean
meishi_vault_finish(GAsyncResult *result, GError **error)
{
    return g_task_propagate_boolean(G_TASK(result), error);
}

/* ---- making ------------------------------------------------------------------------------- */

typedef struct {
    GBytes *image; /* restore only */
    GBytes *vault_id;
    MeishiSecret *key;
} Founding;

static void
founding_free(Founding *founding)
{
    g_clear_pointer(&founding->image, g_bytes_unref);
    g_bytes_unref(founding->vault_id);
    meishi_secret_unref(founding->key);
    g_free(founding);
}

static gboolean
refuse_second(MeishiVault *vault, GError **error)
{
    if (vault->state == MEISHI_VAULT_ABSENT)
        return TRUE;
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_EXISTS,
                "There is a vault in %s already; `meishi vault slots` shows what opens it.",
                meishi_store_dir(vault->store));
    return FALSE;
}

static gboolean
found(MeishiVault *vault, const Founding *founding, const MeishiStoreSlot *slot, GError **error)
{
    if (!refuse_second(vault, error)) /* somebody may have been faster */
        return FALSE;
    if (founding->image != NULL)
        return meishi_store_load(vault->store, founding->image, slot, error);
    return meishi_store_create_vault(vault->store, founding->vault_id, slot, error);
}

static void
on_first_slot_made(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    MeishiVault *vault = g_task_get_source_object(task);
    const Founding *founding = g_task_get_task_data(task);
    GError *error = NULL;
    g_autoptr(MeishiStoreSlot) slot = meishi_slot_make_finish(result, &error);

    if (slot == NULL) {
        g_task_return_error(task, error);
        return;
    }
    if (!found(vault, founding, slot, &error)) {
        meishi_slot_make_forget(slot);
        g_task_return_error(task, error);
        return;
    }
    vault->was_locked_by_person = FALSE;
    take_in(vault, EVENT_MADE, founding->key);
    g_task_return_pointer(task, g_steal_pointer(&slot), (GDestroyNotify)meishi_store_slot_free);
}

/* Takes @founding over. */
static void
start_founding(GTask *task, Founding *founding, const MeishiSlotRequest *request,
               gboolean interactive)
{
    MeishiVault *vault = g_task_get_source_object(task);
    GError *error = NULL;

    g_task_set_task_data(task, founding, (GDestroyNotify)founding_free);
    if (!refuse_second(vault, &error)) {
        g_task_return_error(task, error);
        return;
    }
    meishi_slot_make_async(request, founding->vault_id, founding->key, interactive,
                           g_task_get_cancellable(task), on_first_slot_made, g_object_ref(task));
}

void
meishi_vault_init_async(MeishiVault *vault, const MeishiSlotRequest *request, gboolean interactive,
                        GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
    g_autoptr(GTask) task = g_task_new(vault, cancellable, callback, user_data);
    Founding *founding = g_new0(Founding, 1);
    guint8 id[MEISHI_VAULT_ID_LEN];

    meishi_crypto_random(id, sizeof id);
    founding->vault_id = g_bytes_new(id, sizeof id);
    founding->key = meishi_secret_new(MEISHI_VAULT_KEY_LEN);
    meishi_crypto_random(meishi_secret_writable(founding->key), MEISHI_VAULT_KEY_LEN);
    start_founding(task, founding, request, interactive);
}

MeishiStoreSlot *
meishi_vault_init_finish(GAsyncResult *result, GError **error)
{
    return g_task_propagate_pointer(G_TASK(result), error);
}

static void
on_restored(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    GError *error = NULL;
    g_autoptr(MeishiStoreSlot) slot = meishi_vault_init_finish(result, &error);

    if (slot != NULL)
        g_task_return_boolean(task, TRUE);
    else
        g_task_return_error(task, error);
}

void
meishi_vault_restore_async(MeishiVault *vault, const MeishiBackup *backup,
                           const MeishiSlotRequest *request, GCancellable *cancellable,
                           GAsyncReadyCallback callback, gpointer user_data)
{
    GTask *outer = g_task_new(vault, cancellable, callback, user_data);
    g_autoptr(GTask) task = g_task_new(vault, cancellable, on_restored, outer);
    Founding *founding = g_new0(Founding, 1);

    founding->image = g_bytes_ref(backup->image);
    founding->vault_id = g_bytes_ref(backup->vault_id);
    founding->key = meishi_secret_ref(backup->vault_key);
    start_founding(task, founding, request, TRUE);
}

/* ---- opening ------------------------------------------------------------------------------ */

static GPtrArray *
list_slots(MeishiVault *vault, GError **error)
{
    if (vault->state == MEISHI_VAULT_ABSENT) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_NO_VAULT,
                    "There is no vault yet; the first `meishi import` or `meishi vault init` makes "
                    "one.");
        return NULL;
    }
    return meishi_store_list_slots(vault->store, error);
}

/* Starts opening; FALSE where not even that can be done. */
static gboolean
open_slots(MeishiVault *vault, MeishiSecret *passphrase, gboolean interactive,
           GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data,
           GError **error)
{
    g_autoptr(GPtrArray) slots = list_slots(vault, error);
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
    take_in(vault, EVENT_OPENED, key);
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

/* ---- slots -------------------------------------------------------------------------------- */

static void
on_slot_made(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    MeishiVault *vault = g_task_get_source_object(task);
    GError *error = NULL;
    g_autoptr(MeishiStoreSlot) slot = meishi_slot_make_finish(result, &error);
    gint64 id;

    if (slot != NULL && meishi_store_add_slot(vault->store, slot, &id, &error)) {
        g_signal_emit(vault, signal_changed, 0);
        g_task_return_boolean(task, TRUE);
        return;
    }
    if (slot != NULL)
        meishi_slot_make_forget(slot);
    g_task_return_error(task, error);
}

/* A slot of no particular kind is no wish that could be fulfilled. */
static gboolean
check_addable(MeishiVault *vault, const MeishiSlotRequest *request, GError **error)
{
    if (request->kind == 0) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT,
                    "Say which kind of key slot: passphrase, key-file or secret-service.");
        return FALSE;
    }
    if (vault->key == NULL) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_LOCKED,
                    "The vault is locked; run `meishi unlock`.");
        return FALSE;
    }
    return TRUE;
}

void
meishi_vault_add_slot_async(MeishiVault *vault, const MeishiSlotRequest *request,
                            GCancellable *cancellable, GAsyncReadyCallback callback,
                            gpointer user_data)
{
    g_autoptr(GTask) task = g_task_new(vault, cancellable, callback, user_data);
    g_autoptr(GBytes) vault_id = NULL;
    GError *error = NULL;

    if (!check_addable(vault, request, &error)) {
        g_task_return_error(task, error);
        return;
    }
    vault_id = meishi_store_vault_id(vault->store);
    meishi_slot_make_async(request, vault_id, vault->key, TRUE, cancellable, on_slot_made,
                           g_object_ref(task));
}

static MeishiStoreSlot *
find_slot(MeishiVault *vault, gint64 id)
{
    g_autoptr(GPtrArray) slots = list_slots(vault, NULL);

    for (guint i = 0; slots != NULL && i < slots->len; i++) {
        const MeishiStoreSlot *slot = g_ptr_array_index(slots, i);

        if (slot->id == id)
            return meishi_slot_copy(slot);
    }
    return NULL;
}

gboolean
meishi_vault_remove_slot(MeishiVault *vault, gint64 id, GError **error)
{
    g_autoptr(MeishiStoreSlot) slot = find_slot(vault, id);

    if (!meishi_store_remove_slot(vault->store, id, error))
        return FALSE;
    if (slot != NULL)
        meishi_slot_make_forget(slot);
    g_signal_emit(vault, signal_changed, 0);
    return TRUE;
}
