/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiVault: the vault key, whether it is at hand, and the ways to it.
 *
 *             created, restored              opened
 *   ABSENT ---------------------> UNLOCKED <-------- LOCKED <-- (a store that has a vault)
 *                                    |                  ^
 *                                    +----- locked -----+
 *
 * There is no way back to ABSENT, and no way from LOCKED to a new vault: a vault that does not open
 * stays locked.  Emits vault-changed() when the state or the slots did change.  A GObject of the
 * main loop; the store must outlive every operation, which the agent, being the source of each,
 * sees to.
 */
#pragma once

#include "daemon/agent/agent.h"
#include "daemon/agent/backup.h"

#define MEISHI_TYPE_VAULT (meishi_vault_get_type())
G_DECLARE_FINAL_TYPE(MeishiVault, meishi_vault, MEISHI, VAULT, GObject)

MeishiVault *meishi_vault_new(MeishiStore *store);

MeishiVaultState meishi_vault_state(MeishiVault *vault);

/* Whether the vault is LOCKED because somebody wanted it so: then no slot opens it unasked. */
gboolean meishi_vault_stays_locked(MeishiVault *vault);

/* Borrowed; NULL unless UNLOCKED. */
MeishiSecret *meishi_vault_key(MeishiVault *vault);

/* Makes the vault with a first slot.  EXISTS, and the errors of slot-make.h.  Finishes with the
 * slot that was made. */
void meishi_vault_init_async(MeishiVault *vault, const MeishiSlotRequest *request,
                             gboolean interactive, GCancellable *cancellable,
                             GAsyncReadyCallback callback, gpointer user_data);
MeishiStoreSlot *
meishi_vault_init_finish(GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* How much may be done to open the vault. */
typedef enum {
    MEISHI_VAULT_SILENTLY, /* nobody asked for it: no questions, not after an explicit lock */
    MEISHI_VAULT_ON_DEMAND /* a person did */
} MeishiVaultUnlocking;

/* TRUE at once where it is unlocked.  Attempts without a passphrase share one run.  NO_VAULT, and
 * the errors of slot-open.h. */
void meishi_vault_unlock_async(MeishiVault *vault, MeishiSecret *passphrase,
                               MeishiVaultUnlocking how, GCancellable *cancellable,
                               GAsyncReadyCallback callback, gpointer user_data);

/* Opens a slot anew whatever the state, which stays as it is; finishes with the vault key. */
void
meishi_vault_confirm_async(MeishiVault *vault, MeishiSecret *passphrase, GCancellable *cancellable,
                           GAsyncReadyCallback callback, gpointer user_data);
MeishiSecret *
meishi_vault_confirm_finish(GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Adds a slot that opens @vault_key, which the caller got by meishi_vault_confirm_async(). */
void meishi_vault_add_slot_async(MeishiVault *vault, const MeishiSlotRequest *request,
                                 MeishiSecret *vault_key, GCancellable *cancellable,
                                 GAsyncReadyCallback callback, gpointer user_data);

/* Makes the vault out of @backup with a new slot.  EXISTS, and the errors of slot-make.h. */
void meishi_vault_restore_async(MeishiVault *vault, const MeishiBackup *backup,
                                const MeishiSlotRequest *request, GCancellable *cancellable,
                                GAsyncReadyCallback callback, gpointer user_data);

/* For unlock, add_slot, restore and try_others. */
gboolean meishi_vault_finish(GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether the vault still opens without slot @id: DENIED where every other one fails.  A passphrase
 * is taken to be known; that there is another slot at all is for the removal to see. */
void meishi_vault_try_others_async(MeishiVault *vault, gint64 id, GCancellable *cancellable,
                                   GAsyncReadyCallback callback, gpointer user_data);

gboolean
meishi_vault_remove_slot(MeishiVault *vault, gint64 id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Forgets the vault key; an unlocking under way ends in vain. */
void meishi_vault_lock(MeishiVault *vault);
