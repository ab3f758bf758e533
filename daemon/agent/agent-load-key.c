/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiAgent: private keys for the server.  A key is unsealed when it is first used and not
 * before; the vault is opened for it only where that asks nobody anything.
 */
#include "daemon/agent/agent-private.h"

static MeishiKey *
unseal_into_cache(MeishiAgent *agent, gint64 key_id, GError **error)
{
    const MeishiStoreKey *row = meishi_agent_key_row(agent, key_id, error);
    MeishiSecret *vault_key = row != NULL ? meishi_agent_vault_key(agent, error) : NULL;
    g_autoptr(MeishiSecret) pkcs8 = NULL;
    MeishiKey *key;

    if (vault_key == NULL)
        return NULL;
    meishi_key_cache_make_room(agent->cache);
    pkcs8 = meishi_agent_unseal(agent, vault_key, row, error);
    key = pkcs8 != NULL ? meishi_key_new(pkcs8, FALSE, error) : NULL;
    if (key != NULL)
        meishi_key_cache_insert(agent->cache, key_id, key);
    return key;
}

static void
on_unlocked(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    MeishiAgent *agent = g_task_get_source_object(task);
    gint64 key_id = *(const gint64 *)g_task_get_task_data(task);
    GError *error = NULL;
    MeishiKey *key = meishi_key_cache_lookup(agent->cache, key_id);

    if (meishi_vault_finish(result, &error) && key == NULL)
        key = unseal_into_cache(agent, key_id, &error);
    if (error != NULL) {
        g_clear_pointer(&key, meishi_key_unref);
        g_task_return_error(task, error);
    } else {
        g_task_return_pointer(task, key, (GDestroyNotify)meishi_key_unref);
    }
}

void
meishi_agent_load_key_async(MeishiAgent *agent, gint64 key_id, GCancellable *cancellable,
                            GAsyncReadyCallback callback, gpointer user_data)
{
    g_autoptr(GTask) task = g_task_new(agent, cancellable, callback, user_data);
    MeishiKey *key = meishi_key_cache_lookup(agent->cache, key_id);
    GError *error = NULL;

    if (key != NULL) {
        g_task_return_pointer(task, key, (GDestroyNotify)meishi_key_unref);
        return;
    }
    if (meishi_agent_key_row(agent, key_id, &error) == NULL) {
        g_task_return_error(task, error);
        return;
    }
    g_task_set_task_data(task, g_memdup2(&key_id, sizeof key_id), g_free);
    meishi_vault_unlock_async(agent->vault, NULL, MEISHI_VAULT_SILENTLY, cancellable, on_unlocked,
                              g_steal_pointer(&task));
}

MeishiKey *
meishi_agent_load_key_finish(MeishiAgent *agent, GAsyncResult *result, GError **error)
{
    return g_task_propagate_pointer(G_TASK(result), error);
}
