/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiVault from inside: for the vault*.c files of this directory only.
 */
#pragma once

#include "daemon/agent/vault.h"

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

typedef enum {
    MEISHI_VAULT_EVENT_MADE, /* created or restored */
    MEISHI_VAULT_EVENT_OPENED,
    MEISHI_VAULT_EVENT_LOCKED,
} MeishiVaultEvent;

/* Moves on by @event with @key at hand; nothing happens where the state has no such way on. */
void meishi_vault_take_in(MeishiVault *vault, MeishiVaultEvent event, MeishiSecret *key);

/* The slots; NO_VAULT. */
GPtrArray *meishi_vault_list_slots(MeishiVault *vault, GError **error) G_GNUC_WARN_UNUSED_RESULT;
