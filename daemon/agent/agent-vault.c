/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiAgent: the vault's door as the rest of the daemon sees it.  Each operation runs as a task
 * of the agent, which so keeps the store alive for as long as the vault works on it.
 */
#include "daemon/agent/agent-private.h"

#include "daemon/agent/backup.h"
#include "daemon/agent/token-pin.h"
#include "daemon/base/error.h"

MeishiVaultState
meishi_agent_vault_state(MeishiAgent *agent)
{
    return meishi_vault_state(agent->vault);
}

gboolean
meishi_agent_vault_stays_locked(MeishiAgent *agent)
{
    return meishi_vault_stays_locked(agent->vault);
}

GPtrArray *
meishi_agent_vault_slots(MeishiAgent *agent)
{
    g_autoptr(GError) error = NULL;
    GPtrArray *slots = meishi_store_list_slots(agent->store, &error);

    if (slots == NULL) {
        g_debug("cannot list the key slots: %s", error->message);
        slots = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_store_slot_free);
    }
    return slots;
}

static char *
describe_slot(const MeishiStoreSlot *slot, gboolean is_chosen)
{
    switch (slot->kind) {
    case MEISHI_SLOT_SECRET_SERVICE:
        return g_strdup("Its key lies in your desktop's keyring and opens when you log in.");
    case MEISHI_SLOT_PASSPHRASE:
        return g_strdup("Its passphrase alone opens it: that protects it even against whoever gets "
                        "your files, as far as the passphrase is hard to guess. Keep it well; "
                        "without it the keys are lost.");
    default:
        return g_strdup_printf("%s key lies in %s: that protects it against other users and "
                               "against stolen copies of the vault alone, not against whoever can "
                               "read your files. `meishi vault add-slot passphrase` adds a "
                               "passphrase.",
                               is_chosen ? "Its" : "No desktop keyring answered, so its",
                               slot->location);
    }
}

char *
meishi_agent_vault_describe(MeishiAgent *agent, gboolean is_chosen)
{
    g_autoptr(GPtrArray) slots = meishi_agent_vault_slots(agent);
    g_autofree char *how =
        slots->len > 0 ? describe_slot(g_ptr_array_index(slots, 0), is_chosen) : g_strdup("");

    return g_strdup_printf("A vault was made in %s. %s", meishi_store_dir(agent->store), how);
}

gboolean
meishi_agent_vault_finish(MeishiAgent *agent, GAsyncResult *result, GError **error)
{
    return g_task_propagate_boolean(G_TASK(result), error);
}

void
meishi_agent_vault_lock(MeishiAgent *agent)
{
    meishi_vault_lock(agent->vault);
    meishi_agent_close_tokens(agent);
}

static void
return_boolean(GTask *task, gboolean ok, GError *error)
{
    if (ok)
        g_task_return_boolean(task, TRUE);
    else
        g_task_return_error(task, error);
}

static void
on_vault_done(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    GError *error = NULL;
    gboolean ok = meishi_vault_finish(result, &error);

    return_boolean(task, ok, error);
}

static void
on_init_done(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    GError *error = NULL;
    g_autoptr(MeishiStoreSlot) slot = meishi_vault_init_finish(result, &error);

    return_boolean(task, slot != NULL, error);
}

void
meishi_agent_vault_init_async(MeishiAgent *agent, const MeishiSlotRequest *slot,
                              GCancellable *cancellable, GAsyncReadyCallback callback,
                              gpointer user_data)
{
    GTask *task = g_task_new(agent, cancellable, callback, user_data);

    meishi_vault_init_async(agent->vault, slot, TRUE, cancellable, on_init_done, task);
}

void
meishi_agent_vault_unlock_async(MeishiAgent *agent, MeishiSecret *passphrase,
                                GCancellable *cancellable, GAsyncReadyCallback callback,
                                gpointer user_data)
{
    GTask *task = g_task_new(agent, cancellable, callback, user_data);

    meishi_vault_unlock_async(agent->vault, passphrase, MEISHI_VAULT_ON_DEMAND, cancellable,
                              on_vault_done, task);
}

/* ---- slots -------------------------------------------------------------------------------- */

/* What a new slot and a backup give away is every private key, and for good; so an open vault is
 * not enough, a slot has to be opened anew for them as it has for an export. */
typedef struct {
    MeishiSlotKind kind;
    MeishiSecret *secret;
    MeishiSecret *proof; /* NULL: a slot that needs nobody */
    char *path;
} Request;

static Request *
request_copy(const MeishiSlotRequest *request)
{
    Request *copy = g_new0(Request, 1);

    copy->kind = request->kind;
    copy->secret = request->secret != NULL ? meishi_secret_ref(request->secret) : NULL;
    copy->path = g_strdup(request->path);
    return copy;
}

static void
request_free(Request *request)
{
    meishi_secret_unref(request->secret);
    meishi_secret_unref(request->proof);
    g_free(request->path);
    g_free(request);
}

static MeishiSlotRequest
request_view(const Request *request)
{
    return (MeishiSlotRequest){request->kind, request->secret, request->path};
}

static void
on_confirmed_to_add(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    MeishiAgent *agent = g_task_get_source_object(task);
    const Request *data = g_task_get_task_data(task);
    MeishiSlotRequest request = request_view(data);
    GError *error = NULL;
    g_autoptr(MeishiSecret) vault_key = meishi_vault_confirm_finish(result, &error);

    if (vault_key == NULL) {
        meishi_agent_explain_refusal("A new way into the vault is made", data->proof, &error);
        g_task_return_error(task, error);
        return;
    }
    meishi_vault_add_slot_async(agent->vault, &request, vault_key, g_task_get_cancellable(task),
                                on_vault_done, g_object_ref(task));
}

void
meishi_agent_vault_add_slot_async(MeishiAgent *agent, const MeishiSlotRequest *slot,
                                  MeishiSecret *proof, GCancellable *cancellable,
                                  GAsyncReadyCallback callback, gpointer user_data)
{
    GTask *task = g_task_new(agent, cancellable, callback, user_data);
    Request *request = request_copy(slot);

    request->proof = proof != NULL ? meishi_secret_ref(proof) : NULL;
    g_task_set_task_data(task, request, (GDestroyNotify)request_free);
    meishi_vault_confirm_async(agent->vault, proof, cancellable, on_confirmed_to_add, task);
}

static void
on_others_tried(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    MeishiAgent *agent = g_task_get_source_object(task);
    const gint64 *id = g_task_get_task_data(task);
    GError *error = NULL;
    gboolean ok =
        meishi_vault_finish(result, &error) && meishi_vault_remove_slot(agent->vault, *id, &error);

    return_boolean(task, ok, error);
}

void
meishi_agent_vault_remove_slot_async(MeishiAgent *agent, gint64 id, GCancellable *cancellable,
                                     GAsyncReadyCallback callback, gpointer user_data)
{
    GTask *task = g_task_new(agent, cancellable, callback, user_data);

    g_task_set_task_data(task, g_memdup2(&id, sizeof id), g_free);
    meishi_vault_try_others_async(agent->vault, id, cancellable, on_others_tried, task);
}

/* ---- backup ------------------------------------------------------------------------------- */

typedef struct {
    GBytes *image;
    GBytes *vault_id;
    MeishiSecret *vault_key;
    MeishiSecret *passphrase;
    MeishiSecret *proof; /* NULL: a slot that needs nobody */
} BackingUp;

static void
backing_up_free(BackingUp *data)
{
    g_clear_pointer(&data->image, g_bytes_unref);
    g_clear_pointer(&data->vault_id, g_bytes_unref);
    meishi_secret_unref(data->vault_key);
    meishi_secret_unref(data->passphrase);
    meishi_secret_unref(data->proof);
    g_free(data);
}

static void
run_backup(GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
    const BackingUp *data = task_data;
    const MeishiBackup backup = {data->image, data->vault_id, data->vault_key};
    GError *error = NULL;
    GBytes *file = meishi_backup_write(&backup, data->passphrase, &error);

    if (file != NULL)
        g_task_return_pointer(task, file, (GDestroyNotify)g_bytes_unref);
    else
        g_task_return_error(task, error);
}

static void
on_confirmed_to_back_up(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    MeishiAgent *agent = g_task_get_source_object(task);
    BackingUp *data = g_task_get_task_data(task);
    GError *error = NULL;

    data->vault_key = meishi_vault_confirm_finish(result, &error);
    if (data->vault_key == NULL) {
        meishi_agent_explain_refusal("A backup is made", data->proof, &error);
    } else {
        data->vault_id = meishi_store_vault_id(agent->store);
        data->image = meishi_store_dump(agent->store, &error);
    }
    if (data->image != NULL)
        meishi_agent_work(task, run_backup, meishi_agent_pass_bytes);
    else
        g_task_return_error(task, error);
}

void
meishi_agent_vault_backup_async(MeishiAgent *agent, MeishiSecret *passphrase, MeishiSecret *proof,
                                GCancellable *cancellable, GAsyncReadyCallback callback,
                                gpointer user_data)
{
    g_autoptr(GTask) task = g_task_new(agent, cancellable, callback, user_data);
    BackingUp *data = g_new0(BackingUp, 1);

    data->passphrase = meishi_secret_ref(passphrase);
    data->proof = proof != NULL ? meishi_secret_ref(proof) : NULL;
    g_task_set_task_data(task, data, (GDestroyNotify)backing_up_free);
    if (meishi_secret_len(passphrase) == 0)
        g_task_return_new_error(task, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT,
                                "A passphrase must have at least one character.");
    else
        meishi_vault_confirm_async(agent->vault, proof, cancellable, on_confirmed_to_back_up,
                                   g_steal_pointer(&task));
}

GBytes *
meishi_agent_vault_backup_finish(MeishiAgent *agent, GAsyncResult *result, GError **error)
{
    return g_task_propagate_pointer(G_TASK(result), error);
}

/* ---- restore ------------------------------------------------------------------------------ */

typedef struct {
    GBytes *file;
    MeishiSecret *passphrase;
    Request *request;
} Restoring;

static void
restoring_free(Restoring *data)
{
    g_bytes_unref(data->file);
    meishi_secret_unref(data->passphrase);
    request_free(data->request);
    g_free(data);
}

static void
run_read_backup(GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
    const Restoring *data = task_data;
    GError *error = NULL;
    MeishiBackup *backup = meishi_backup_read(data->file, data->passphrase, &error);

    if (backup != NULL)
        g_task_return_pointer(task, backup, (GDestroyNotify)meishi_backup_free);
    else
        g_task_return_error(task, error);
}

static void
on_restored(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    GError *error = NULL;
    gboolean ok = meishi_vault_finish(result, &error) &&
                  meishi_agent_reload(g_task_get_source_object(task), &error);

    return_boolean(task, ok, error);
}

static void
on_backup_read(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    MeishiAgent *agent = g_task_get_source_object(task);
    const Restoring *data = g_task_get_task_data(task);
    MeishiSlotRequest request = request_view(data->request);
    GError *error = NULL;
    g_autoptr(MeishiBackup) backup = g_task_propagate_pointer(G_TASK(result), &error);

    if (backup == NULL) {
        g_task_return_error(task, error);
        return;
    }
    meishi_vault_restore_async(agent->vault, backup, &request, g_task_get_cancellable(task),
                               on_restored, g_object_ref(task));
}

void
meishi_agent_vault_restore_async(MeishiAgent *agent, GBytes *backup, MeishiSecret *passphrase,
                                 const MeishiSlotRequest *slot, GCancellable *cancellable,
                                 GAsyncReadyCallback callback, gpointer user_data)
{
    g_autoptr(GTask) task = g_task_new(agent, cancellable, callback, user_data);
    Restoring *data = g_new0(Restoring, 1);

    data->file = g_bytes_ref(backup);
    data->passphrase = meishi_secret_ref(passphrase);
    data->request = request_copy(slot);
    g_task_set_task_data(task, data, (GDestroyNotify)restoring_free);
    meishi_agent_work(task, run_read_backup, on_backup_read);
}
