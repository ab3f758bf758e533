/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A host for one start.  What it says first is the answer; it is taken down from the main loop,
 * since a host is not freed while it calls back.
 */
#include "daemon/token/module-trial.h"

#include "daemon/base/error.h"
#include "daemon/token/host.h"

typedef struct {
    GTask *task;
    MeishiTokenHost *host;
    GError *error; /* NULL: it started */
    gboolean is_over;
} Trial;

static gboolean
on_over(gpointer user_data)
{
    Trial *trial = user_data;

    meishi_token_host_free(trial->host);
    if (trial->error != NULL)
        g_task_return_error(trial->task, trial->error);
    else
        g_task_return_boolean(trial->task, TRUE);
    g_object_unref(trial->task);
    g_free(trial);
    return G_SOURCE_REMOVE;
}

static void
finish(Trial *trial, GError *error)
{
    g_autoptr(GSource) source = g_idle_source_new();

    trial->is_over = TRUE;
    trial->error = error;
    g_source_set_priority(source, G_PRIORITY_DEFAULT);
    g_source_set_callback(source, on_over, trial, NULL);
    g_source_attach(source, g_task_get_context(trial->task));
}

static void
on_ready(MeishiTokenHost *host, const MeishiHostReply *library, gpointer user_data)
{
    Trial *trial = user_data;

    if (!trial->is_over)
        finish(trial, NULL);
}

static void
on_lost(MeishiTokenHost *host, const GError *why, guint retry_ms, gpointer user_data)
{
    Trial *trial = user_data;

    if (!trial->is_over)
        finish(trial, g_error_copy(why));
}

static void
on_said(MeishiTokenHost *host, const char *line, gpointer user_data)
{
}

void
meishi_module_trial_async(const char *path, GAsyncReadyCallback callback, gpointer user_data)
{
    Trial *trial = g_new0(Trial, 1);
    const MeishiTokenHostOptions options = {.module = path,
                                            .network = TRUE,
                                            .ready = on_ready,
                                            .lost = on_lost,
                                            .said = on_said,
                                            .user_data = trial};

    trial->task = g_task_new(NULL, NULL, callback, user_data);
    trial->host = meishi_token_host_new(&options);
}

gboolean
meishi_module_trial_finish(GAsyncResult *result, GError **error)
{
    return g_task_propagate_boolean(G_TASK(result), error);
}
