/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Opening the vault: passphrases and key files on a worker thread (scrypt and disks take their
 * time), then the Secret Service slots one after the other.  A slot that does not open is a reason
 * to try the next one, never to give up and never to think that there is no vault.
 */
#include "daemon/agent/slot-open.h"

#include "daemon/agent/key-file.h"
#include "daemon/base/error.h"
#include "daemon/keyring/keyring.h"

typedef struct {
    GPtrArray *slots; /* own copies: the worker thread reads them */
    GBytes *vault_id;
    MeishiSecret *passphrase;
    gboolean interactive;
    guint next;       /* the next slot to look at for a Secret Service */
    GString *reasons; /* why slots did not open */
    gboolean keyring_is_locked;
} Opening;

static void
opening_free(Opening *opening)
{
    g_ptr_array_unref(opening->slots);
    g_bytes_unref(opening->vault_id);
    meishi_secret_unref(opening->passphrase);
    g_string_free(opening->reasons, TRUE);
    g_free(opening);
}

static gpointer
copy_slot(gconstpointer slot, gpointer unused)
{
    return meishi_slot_copy(slot);
}

static void
note_reason(Opening *opening, const GError *error)
{
    g_string_append_printf(opening->reasons, " %s", error->message);
}

static MeishiSecret *
unwrap_with(Opening *opening, const MeishiStoreSlot *slot, MeishiSecret *secret, GError **error)
{
    g_autoptr(MeishiSecret) kek = meishi_slot_derive(slot, secret, error);

    return kek != NULL ? meishi_slot_unwrap(slot, opening->vault_id, kek, error) : NULL;
}

static MeishiSecret *
try_passphrase(Opening *opening, const MeishiStoreSlot *slot)
{
    g_autoptr(GError) error = NULL;
    MeishiSecret *key = unwrap_with(opening, slot, opening->passphrase, &error);

    if (key == NULL && !g_error_matches(error, MEISHI_ERROR, MEISHI_ERROR_WRONG_SECRET))
        note_reason(opening, error);
    return key;
}

static MeishiSecret *
try_key_file(Opening *opening, const MeishiStoreSlot *slot)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiSecret) secret = meishi_key_file_read(slot->location, &error);
    MeishiSecret *key = secret != NULL ? unwrap_with(opening, slot, secret, &error) : NULL;

    if (g_error_matches(error, MEISHI_ERROR, MEISHI_ERROR_WRONG_SECRET))
        g_string_append_printf(opening->reasons,
                               " The key file %s is not the one that belongs to "
                               "this vault.",
                               slot->location);
    else if (key == NULL)
        note_reason(opening, error);
    return key;
}

static MeishiSecret *
try_locally(Opening *opening, GCancellable *cancellable)
{
    MeishiSlotKind kind =
        opening->passphrase != NULL ? MEISHI_SLOT_PASSPHRASE : MEISHI_SLOT_KEY_FILE;
    MeishiSecret *key = NULL;

    for (guint i = 0; key == NULL && i < opening->slots->len; i++) {
        const MeishiStoreSlot *slot = g_ptr_array_index(opening->slots, i);

        if (slot->kind != kind || g_cancellable_is_cancelled(cancellable))
            continue;
        key = kind == MEISHI_SLOT_PASSPHRASE ? try_passphrase(opening, slot)
                                             : try_key_file(opening, slot);
    }
    return key;
}

/* NULL, without an error, where no local slot opens. */
static void
run_locally(GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
    g_task_return_pointer(task, try_locally(task_data, cancellable),
                          (GDestroyNotify)meishi_secret_unref);
}

static gboolean
has_kind(const Opening *opening, MeishiSlotKind kind)
{
    for (guint i = 0; i < opening->slots->len; i++) {
        const MeishiStoreSlot *slot = g_ptr_array_index(opening->slots, i);

        if (slot->kind == kind)
            return TRUE;
    }
    return FALSE;
}

/* What opens the vault after all.  "meishi unlock" alone does so only with a passphrase. */
static const char *
advice(const Opening *opening)
{
    gboolean has_passphrase = has_kind(opening, MEISHI_SLOT_PASSPHRASE);

    if (opening->keyring_is_locked && has_passphrase)
        return "Unlock the keyring (log in to the desktop, or use its password manager) and try "
               "again, or give the vault's passphrase to `meishi unlock`.";
    if (opening->keyring_is_locked)
        return "Unlock the keyring (log in to the desktop, or use its password manager) and try "
               "again.";
    if (has_passphrase)
        return "Give its passphrase to `meishi unlock`.";
    return "Mend that and try again; `meishi vault slots` shows what opens the vault.";
}

static void
fail(GTask *task)
{
    const Opening *opening = g_task_get_task_data(task);

    if (opening->passphrase == NULL)
        g_task_return_new_error(task, MEISHI_ERROR, MEISHI_ERROR_LOCKED,
                                "The vault is locked.%s %s", opening->reasons->str,
                                advice(opening));
    else if (!has_kind(opening, MEISHI_SLOT_PASSPHRASE))
        g_task_return_new_error(task, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND,
                                "The vault has no passphrase; `meishi vault slots` shows what "
                                "opens it.");
    else
        g_task_return_new_error(task, MEISHI_ERROR, MEISHI_ERROR_WRONG_SECRET,
                                "That passphrase does not open the vault.%s",
                                opening->reasons->str);
}

static void try_next_keyring(GTask *task);

static void
on_looked_up(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    Opening *opening = g_task_get_task_data(task);
    const MeishiStoreSlot *slot = g_ptr_array_index(opening->slots, opening->next++);
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiSecret) item = meishi_keyring_lookup_finish(result, &error);
    g_autoptr(MeishiSecret) key = item != NULL ? unwrap_with(opening, slot, item, &error) : NULL;

    if (key != NULL) {
        g_task_return_pointer(task, g_steal_pointer(&key), (GDestroyNotify)meishi_secret_unref);
        return;
    }
    note_reason(opening, error);
    opening->keyring_is_locked |= g_error_matches(error, MEISHI_ERROR, MEISHI_ERROR_LOCKED);
    try_next_keyring(g_steal_pointer(&task));
}

/* Takes @task over. */
static void
try_next_keyring(GTask *task)
{
    g_autoptr(GTask) owned = task;
    Opening *opening = g_task_get_task_data(task);
    guint deadline =
        opening->interactive ? MEISHI_KEYRING_PROMPT_DEADLINE_MS : MEISHI_KEYRING_DEADLINE_MS;

    if (g_task_return_error_if_cancelled(task))
        return;
    for (; opening->passphrase == NULL && opening->next < opening->slots->len; opening->next++) {
        const MeishiStoreSlot *slot = g_ptr_array_index(opening->slots, opening->next);

        if (slot->kind != MEISHI_SLOT_SECRET_SERVICE)
            continue;
        meishi_keyring_lookup_async(slot->location, deadline, g_task_get_cancellable(task),
                                    on_looked_up, g_steal_pointer(&owned));
        return;
    }
    fail(task);
}

static void
on_tried_locally(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    MeishiSecret *key = g_task_propagate_pointer(G_TASK(result), NULL);

    if (key != NULL)
        g_task_return_pointer(task, key, (GDestroyNotify)meishi_secret_unref);
    else
        try_next_keyring(g_steal_pointer(&task));
}

void
meishi_slot_open_async(GPtrArray *slots, GBytes *vault_id, MeishiSecret *passphrase,
                       gboolean interactive, GCancellable *cancellable,
                       GAsyncReadyCallback callback, gpointer user_data)
{
    GTask *task = g_task_new(NULL, cancellable, callback, user_data);
    Opening *opening = g_new0(Opening, 1);
    g_autoptr(GTask) local = g_task_new(NULL, cancellable, on_tried_locally, task);

    opening->slots = g_ptr_array_copy(slots, copy_slot, NULL);
    g_ptr_array_set_free_func(opening->slots, (GDestroyNotify)meishi_store_slot_free);
    opening->vault_id = g_bytes_ref(vault_id);
    opening->passphrase = passphrase != NULL ? meishi_secret_ref(passphrase) : NULL;
    opening->interactive = interactive;
    opening->reasons = g_string_new(NULL);
    g_task_set_task_data(task, opening, (GDestroyNotify)opening_free);
    g_task_set_task_data(local, opening, NULL); /* lives as long as @task, which waits for it */
    g_task_run_in_thread(local, run_locally);
}

MeishiSecret *
meishi_slot_open_finish(GAsyncResult *result, GError **error)
{
    return g_task_propagate_pointer(G_TASK(result), error);
}
