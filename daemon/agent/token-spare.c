/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See token-spare.h.  What a token would have been asked to do is something that our own keys can
 * do as well: daemon/crypto/away.c makes the one of the other.
 */
#include "daemon/agent/token-spare.h"

#define OUT_SIZE 16384 /* suffices for everything */

typedef struct {
    MeishiIdentity *identity;
    MeishiOperation op;
    const MeishiAway *away;
    MeishiKey *key;
} Work;

static void
work_free(gpointer data)
{
    Work *work = data;

    meishi_identity_unref(work->identity);
    meishi_key_unref(work->key);
    g_free(work);
}

static void
operate(GTask *inner, gpointer source, gpointer data, GCancellable *cancellable)
{
    const Work *work = data;
    const MeishiAwayWay *way = &work->away->ways[0];
    g_autoptr(MeishiSecret) out = meishi_secret_new(OUT_SIZE);
    GError *error = NULL;
    gsize out_len = OUT_SIZE, len;
    const guint8 *bytes = g_bytes_get_data(way->data, &len);

    if (!meishi_key_operate(work->key, work->op, &way->mechanism, work->identity->allow_raw, bytes,
                            len, meishi_secret_writable(out), &out_len, &error)) {
        g_task_return_error(inner, error);
        return;
    }
    meishi_secret_truncate(out, out_len);
    g_task_return_pointer(inner, g_steal_pointer(&out), (GDestroyNotify)meishi_secret_unref);
}

static void
on_done(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    GError *error = NULL;
    MeishiSecret *out = g_task_propagate_pointer(G_TASK(result), &error);

    if (out != NULL)
        g_task_return_pointer(task, out, (GDestroyNotify)meishi_secret_unref);
    else
        g_task_return_error(task, error);
}

static void
on_key(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    Work *work = g_task_get_task_data(task);
    GError *error = NULL;

    work->key = meishi_agent_load_key_finish(MEISHI_AGENT(source), result, &error);
    if (work->key != NULL)
        meishi_agent_work(task, operate, on_done);
    else
        g_task_return_error(task, error);
}

void
meishi_token_spare_use_async(MeishiAgent *agent, MeishiIdentity *identity, MeishiOperation op,
                             const MeishiAway *away, GAsyncReadyCallback callback,
                             gpointer user_data)
{
    GTask *task = g_task_new(agent, NULL, callback, user_data);
    Work *work = g_new0(Work, 1);

    work->identity = meishi_identity_ref(identity);
    work->op = op;
    work->away = away;
    g_task_set_task_data(task, work, work_free);
    meishi_agent_load_key_async(agent, identity->key_id, NULL, on_key, task);
}

MeishiSecret *
meishi_token_spare_use_finish(GAsyncResult *result, GError **error)
{
    return g_task_propagate_pointer(G_TASK(result), error);
}
