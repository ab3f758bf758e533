/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Making key slots.  Passphrases and key files are worked on by a worker thread, the Secret Service
 * by its helper process.  An item in the keyring gets a random name of its own, so that a new slot
 * can never overwrite the secret of an older vault.
 */
#include "daemon/agent/slot-make.h"

#include "daemon/agent/hex.h"
#include "daemon/agent/key-file.h"
#include "daemon/base/error.h"
#include "daemon/base/paths.h"
#include "daemon/keyring/keyring.h"

#define ITEM_ID_LEN 16

static guint scrypt_target_ms = 500;

typedef struct {
    gboolean is_best_at_hand;
    gboolean interactive;
    MeishiSecret *passphrase;
    char *path;
    GBytes *vault_id;
    MeishiSecret *vault_key;
    MeishiStoreSlot *slot; /* while the keyring has it */
    MeishiSecret *item;
} Making;

static void
making_free(Making *making)
{
    meishi_secret_unref(making->passphrase);
    meishi_secret_unref(making->vault_key);
    meishi_secret_unref(making->item);
    meishi_store_slot_free(making->slot);
    g_bytes_unref(making->vault_id);
    g_free(making->path);
    g_free(making);
}

void
meishi_slot_make_set_scrypt_target(guint target_ms)
{
    scrypt_target_ms = target_ms;
}

guint
meishi_slot_make_scrypt_target(void)
{
    return scrypt_target_ms;
}

/* Wraps the vault key in @slot with what opens it. */
static gboolean
finish_slot(const Making *making, MeishiStoreSlot *slot, MeishiSecret *secret, GError **error)
{
    g_autoptr(MeishiSecret) kek = meishi_slot_derive(slot, secret, error);

    if (kek == NULL)
        return FALSE;
    meishi_slot_wrap(slot, making->vault_id, kek, making->vault_key);
    return TRUE;
}

static MeishiStoreSlot *
make_passphrase(const Making *making, GError **error)
{
    g_autoptr(MeishiStoreSlot) slot = meishi_slot_new(MEISHI_SLOT_PASSPHRASE);
    MeishiScrypt cost;

    meishi_kdf_scrypt_calibrate(scrypt_target_ms, &cost);
    slot->scrypt_log2n = cost.log2n;
    slot->scrypt_r = cost.r;
    slot->scrypt_p = cost.p;
    return finish_slot(making, slot, making->passphrase, error) ? g_steal_pointer(&slot) : NULL;
}

static MeishiStoreSlot *
make_key_file(const Making *making, GError **error)
{
    g_autoptr(MeishiStoreSlot) slot = meishi_slot_new(MEISHI_SLOT_KEY_FILE);
    g_autoptr(MeishiSecret) secret = NULL;

    if (making->path != NULL) {
        slot->location = g_strdup(making->path);
    } else {
        g_autofree char *dir = meishi_paths_config_dir();

        if (!meishi_paths_ensure_private_dir(dir, error))
            return NULL;
        slot->location = meishi_key_file_default_path();
    }
    secret = meishi_key_file_ensure(slot->location, error);
    if (secret == NULL || !finish_slot(making, slot, secret, error))
        return NULL;
    return g_steal_pointer(&slot);
}

static void
run_locally(GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
    const Making *making = task_data;
    GError *error = NULL;
    MeishiStoreSlot *slot = making->passphrase != NULL ? make_passphrase(making, &error)
                                                       : make_key_file(making, &error);

    if (slot != NULL)
        g_task_return_pointer(task, slot, (GDestroyNotify)meishi_store_slot_free);
    else
        g_task_return_error(task, error);
}

/* "The best at hand" ends here when a keyring is there but does not let us in: whether to wait for
 * it or to do without is for a person to say. */
static void
explain_choices(GError **error)
{
    g_autoptr(GError) cause = g_steal_pointer(error);

    g_set_error(error, MEISHI_ERROR, cause->code,
                "The vault was not made: %s Unlock your keyring and try again, or choose another "
                "way in with `meishi vault init passphrase` or `meishi vault init key-file`.",
                cause->message);
}

static void
on_stored_in_keyring(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    Making *making = g_task_get_task_data(task);
    GError *error = NULL;

    if (meishi_keyring_store_finish(result, &error) &&
        finish_slot(making, making->slot, making->item, &error)) {
        g_task_return_pointer(task, g_steal_pointer(&making->slot),
                              (GDestroyNotify)meishi_store_slot_free);
        return;
    }
    if (making->is_best_at_hand && g_error_matches(error, MEISHI_ERROR, MEISHI_ERROR_UNAVAILABLE)) {
        g_error_free(error);
        g_task_run_in_thread(task, run_locally);
        return;
    }
    if (making->is_best_at_hand && !g_error_matches(error, MEISHI_ERROR, MEISHI_ERROR_CANCELLED))
        explain_choices(&error);
    g_task_return_error(task, error);
}

static void
store_in_keyring(GTask *task)
{
    Making *making = g_task_get_task_data(task);
    guint8 id[ITEM_ID_LEN];
    guint deadline =
        making->interactive ? MEISHI_KEYRING_PROMPT_DEADLINE_MS : MEISHI_KEYRING_DEADLINE_MS;

    meishi_crypto_random(id, sizeof id);
    making->slot = meishi_slot_new(MEISHI_SLOT_SECRET_SERVICE);
    making->slot->location = meishi_hex_encode(id, sizeof id);
    making->item = meishi_secret_new(MEISHI_VAULT_KEY_LEN);
    meishi_crypto_random(meishi_secret_writable(making->item), MEISHI_VAULT_KEY_LEN);
    meishi_keyring_store_async(making->slot->location, making->item, deadline,
                               g_task_get_cancellable(task), on_stored_in_keyring,
                               g_object_ref(task));
}

static gboolean
check_request(const MeishiSlotRequest *request, GError **error)
{
    if (request->kind == MEISHI_SLOT_PASSPHRASE &&
        (request->secret == NULL || meishi_secret_len(request->secret) == 0)) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT,
                    "A passphrase must have at least one character.");
        return FALSE;
    }
    if (request->path != NULL && !g_path_is_absolute(request->path)) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT,
                    "The key file needs an absolute path, not %s.", request->path);
        return FALSE;
    }
    return TRUE;
}

static Making *
making_new(const MeishiSlotRequest *request, GBytes *vault_id, MeishiSecret *vault_key)
{
    Making *making = g_new0(Making, 1);

    making->is_best_at_hand = request->kind == 0;
    if (request->kind == MEISHI_SLOT_PASSPHRASE)
        making->passphrase = meishi_secret_ref(request->secret);
    making->path = g_strdup(request->path);
    making->vault_id = g_bytes_ref(vault_id);
    making->vault_key = meishi_secret_ref(vault_key);
    return making;
}

void
meishi_slot_make_async(const MeishiSlotRequest *request, GBytes *vault_id, MeishiSecret *vault_key,
                       gboolean interactive, GCancellable *cancellable,
                       GAsyncReadyCallback callback, gpointer user_data)
{
    g_autoptr(GTask) task = g_task_new(NULL, cancellable, callback, user_data);
    GError *error = NULL;
    Making *making;

    if (!check_request(request, &error)) {
        g_task_return_error(task, error);
        return;
    }
    making = making_new(request, vault_id, vault_key);
    making->interactive = interactive;
    g_task_set_task_data(task, making, (GDestroyNotify)making_free);
    if (request->kind == 0 || request->kind == MEISHI_SLOT_SECRET_SERVICE)
        store_in_keyring(task);
    else
        g_task_run_in_thread(task, run_locally);
}

MeishiStoreSlot *
meishi_slot_make_finish(GAsyncResult *result, GError **error)
{
    return g_task_propagate_pointer(G_TASK(result), error);
}

static void
on_cleared(GObject *source, GAsyncResult *result, gpointer unused)
{
    g_autoptr(GError) error = NULL;

    if (!meishi_keyring_clear_finish(result, &error))
        g_debug("the keyring's item stays: %s", error->message);
}

void
meishi_slot_make_forget(const MeishiStoreSlot *slot)
{
    if (slot->kind == MEISHI_SLOT_SECRET_SERVICE)
        meishi_keyring_clear_async(slot->location, MEISHI_KEYRING_DEADLINE_MS, NULL, on_cleared,
                                   NULL);
}
