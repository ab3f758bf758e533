/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiVault: one place that holds the vault key, with its states and slots.  vault-make.c founds
 * it, vault-open.c fetches the key; the keys that it seals are nobody's here.  The key is never
 * anywhere but in this object and in the operations under way.
 */
#include "daemon/agent/vault-private.h"

#include "daemon/agent/slot-make.h"
#include "daemon/base/error.h"

G_DEFINE_TYPE(MeishiVault, meishi_vault, G_TYPE_OBJECT)

static guint signal_changed;

static MeishiVaultState
dispatch(MeishiVaultState state, MeishiVaultEvent event)
{
    switch (event) {
    case MEISHI_VAULT_EVENT_MADE:
        return state == MEISHI_VAULT_ABSENT ? MEISHI_VAULT_UNLOCKED : state;
    case MEISHI_VAULT_EVENT_OPENED:
        return state == MEISHI_VAULT_LOCKED ? MEISHI_VAULT_UNLOCKED : state;
    case MEISHI_VAULT_EVENT_LOCKED:
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

gboolean
meishi_vault_stays_locked(MeishiVault *vault)
{
    return vault->state == MEISHI_VAULT_LOCKED && vault->was_locked_by_person;
}

MeishiSecret *
meishi_vault_key(MeishiVault *vault)
{
    return vault->key;
}

void
meishi_vault_take_in(MeishiVault *vault, MeishiVaultEvent event, MeishiSecret *key)
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
    MeishiVaultState next = dispatch(vault->state, MEISHI_VAULT_EVENT_LOCKED);
    gboolean stayed_locked = meishi_vault_stays_locked(vault);

    vault->n_locks++;
    vault->was_locked_by_person = TRUE;
    if (next == vault->state && stayed_locked == meishi_vault_stays_locked(vault))
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

GPtrArray *
meishi_vault_list_slots(MeishiVault *vault, GError **error)
{
    if (vault->state == MEISHI_VAULT_ABSENT) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_NO_VAULT,
                    "There is no vault yet; the first `meishi import` or `meishi vault init` makes "
                    "one.");
        return NULL;
    }
    return meishi_store_list_slots(vault->store, error);
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
check_addable(const MeishiSlotRequest *request, GError **error)
{
    if (request->kind == 0) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT,
                    "Say which kind of key slot: passphrase, key-file or secret-service.");
        return FALSE;
    }
    return TRUE;
}

void
meishi_vault_add_slot_async(MeishiVault *vault, const MeishiSlotRequest *request,
                            MeishiSecret *vault_key, GCancellable *cancellable,
                            GAsyncReadyCallback callback, gpointer user_data)
{
    g_autoptr(GTask) task = g_task_new(vault, cancellable, callback, user_data);
    g_autoptr(GBytes) vault_id = NULL;
    GError *error = NULL;

    if (!check_addable(request, &error)) {
        g_task_return_error(task, error);
        return;
    }
    vault_id = meishi_store_vault_id(vault->store);
    meishi_slot_make_async(request, vault_id, vault_key, TRUE, cancellable, on_slot_made,
                           g_object_ref(task));
}

static MeishiStoreSlot *
find_slot(MeishiVault *vault, gint64 id)
{
    g_autoptr(GPtrArray) slots = meishi_vault_list_slots(vault, NULL);

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
