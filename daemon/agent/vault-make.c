/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiVault: its founding, fresh or out of a backup.  The slot comes first, so that there is
 * never a vault without a way in; whether there is a vault already is asked before and after the
 * slot was made, since that may have taken a person's time.
 */
#include "daemon/agent/vault-private.h"

#include "daemon/agent/slot-make.h"
#include "daemon/base/error.h"

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
    meishi_vault_take_in(vault, MEISHI_VAULT_EVENT_MADE, founding->key);
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
