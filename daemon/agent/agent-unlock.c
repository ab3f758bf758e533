/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The vault as something that a person opens with its passphrase; the asking is opening.h.
 *
 * A vault that a person locked stays locked until a person opens it; to answer here is just that.
 */
#include "daemon/agent/agent-private.h"

#include "daemon/agent/opening.h"
#include "daemon/agent/presentation.h"
#include "daemon/base/error.h"

static gboolean
is_unlocked(MeishiAgent *agent)
{
    return meishi_agent_vault_state(agent) == MEISHI_VAULT_UNLOCKED;
}

gboolean
meishi_agent_opens_with_passphrase(MeishiAgent *agent)
{
    g_autoptr(GPtrArray) slots = NULL;

    if (meishi_agent_vault_state(agent) != MEISHI_VAULT_LOCKED)
        return FALSE;
    slots = meishi_agent_vault_slots(agent);
    for (guint i = 0; i < slots->len; i++) {
        const MeishiStoreSlot *slot = g_ptr_array_index(slots, i);

        if (slot->kind == MEISHI_SLOT_PASSPHRASE)
            return TRUE;
    }
    return FALSE;
}

/* ---- the lock -------------------------------------------------------------------------------- */

static void
look(gpointer agent, MeishiLockFacts *ret_facts)
{
    if (is_unlocked(agent))
        ret_facts->state = MEISHI_LOCK_OPEN;
}

static void
try_async(gpointer lock, MeishiSecret *passphrase, GCancellable *cancellable,
          GAsyncReadyCallback callback, gpointer user_data)
{
    MeishiAgent *agent = lock;

    meishi_vault_unlock_async(agent->vault, passphrase, MEISHI_VAULT_ON_DEMAND, cancellable,
                              callback, user_data);
}

static gboolean
try_finish(gpointer agent, GAsyncResult *result, GError **error)
{
    return meishi_vault_finish(result, error);
}

static GError *
new_refusal(gpointer agent, const char *why)
{
    return g_error_new(MEISHI_ERROR, MEISHI_ERROR_LOCKED,
                       "The vault is locked, and %s. `meishi unlock` opens it.", why);
}

static const MeishiLockClass vault_class = {
    .kind = "unlock",
    .ref = g_object_ref,
    .unref = g_object_unref,
    .look = look,
    .try_async = try_async,
    .try_finish = try_finish,
    .new_refusal = new_refusal,
};

/* Opened, by whomever: the question is answered, and the person has acted. */
static void
on_vault_changed(MeishiAgent *agent, gpointer opening)
{
    meishi_opening_look_again(opening);
}

static MeishiOpening *
find_opening(MeishiAgent *agent)
{
    if (agent->opening != NULL)
        return agent->opening;
    agent->opening = meishi_opening_new(agent, &vault_class, agent);
    g_signal_connect(agent, "vault-changed", G_CALLBACK(on_vault_changed), agent->opening);
    return agent->opening;
}

/* ---- the calls ------------------------------------------------------------------------------- */

static void
on_opened(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    GError *error = NULL;

    if (meishi_opening_ask_finish(result, &error))
        g_task_return_boolean(task, TRUE);
    else
        g_task_return_error(task, error);
}

void
meishi_agent_ask_to_unlock_async(MeishiAgent *agent, MeishiApplication *application,
                                 GCancellable *cancellable, GAsyncReadyCallback callback,
                                 gpointer user_data)
{
    const MeishiOpeningCall call = {.application = application};
    g_autoptr(GTask) task = g_task_new(agent, cancellable, callback, user_data);

    g_task_set_check_cancellable(task, FALSE); /* the opening says it, once */
    if (!is_unlocked(agent) && !meishi_agent_opens_with_passphrase(agent))
        g_task_return_error(task,
                            new_refusal(agent, "it has no passphrase that could be asked for"));
    else
        meishi_opening_ask_async(find_opening(agent), &call, cancellable, on_opened,
                                 g_steal_pointer(&task));
}

gboolean
meishi_agent_ask_to_unlock_finish(MeishiAgent *agent, GAsyncResult *result, GError **error)
{
    return g_task_propagate_boolean(G_TASK(result), error);
}
