/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiTokenUse: objects made on the token and taken away, each in its turn.  What belongs
 * together, and what becomes of the half of it, is for whoever asks.
 */
#include "daemon/token/token-use-private.h"

#include "daemon/base/error.h"
#include "daemon/token/rv.h"
#include "module/wire/cryptoki.h"

static GError *
new_refusal(const MeishiTokenUse *use, guint64 status)
{
    g_autofree char *name = meishi_rv_name(status);

    if (status == CKR_DEVICE_MEMORY)
        return g_error_new(MEISHI_ERROR, MEISHI_ERROR_NO_SPACE,
                           "There is no room left on the token “%s” (%s).", use->token->label,
                           name);
    if (status == CKR_TOKEN_WRITE_PROTECTED || status == CKR_SESSION_READ_ONLY ||
        status == CKR_FUNCTION_NOT_SUPPORTED)
        return g_error_new(MEISHI_ERROR, MEISHI_ERROR_UNSUPPORTED,
                           "The token “%s” can only be read through its module (%s).",
                           use->token->label, name);
    return g_error_new(MEISHI_ERROR, MEISHI_ERROR_UNSUPPORTED,
                       "The token “%s” does not take this (%s).", use->token->label, name);
}

static gboolean
is_refusal(guint64 status)
{
    return meishi_rv_judge(status) == MEISHI_RV_REFUSED || status == CKR_DEVICE_MEMORY;
}

/* ---- making and taking away ----------------------------------------------------------------- */

static void
on_written(GObject *source, GAsyncResult *result, gpointer user_data)
{
    GTask *task = user_data;
    MeishiTokenWork *work = g_task_get_task_data(task);
    g_autoptr(MeishiHostAnswer) answer = meishi_token_work_take_answer(task, result);

    if (answer == NULL)
        return;
    if (answer->reply.status == CKR_OK) {
        g_clear_pointer(&work->use->private_objects, g_ptr_array_unref);
        if (work->object == 0)
            work->object = answer->reply.object;
        meishi_token_work_finish(task, meishi_secret_new(0), NULL);
    } else if (is_refusal(answer->reply.status)) {
        meishi_token_work_finish(task, NULL, new_refusal(work->use, answer->reply.status));
    } else {
        meishi_token_work_finish_status(task, answer->reply.status, "be written to");
    }
}

static void
run_create(GTask *task)
{
    const MeishiTokenWork *work = g_task_get_task_data(task);
    MeishiHostRequest request = {.type = MEISHI_HOST_CREATE, .n_pins = 1, .pins = {work->template}};

    meishi_token_work_call(task, &request, MEISHI_HOST_DEADLINE_KEY_MS, on_written);
}

static void
run_destroy(GTask *task)
{
    const MeishiTokenWork *work = g_task_get_task_data(task);
    MeishiHostRequest request = {.type = MEISHI_HOST_DESTROY, .number = work->object};

    meishi_token_work_call(task, &request, MEISHI_HOST_DEADLINE_KEY_MS, on_written);
}

void
meishi_token_use_create_async(MeishiTokenUse *use, gconstpointer who, MeishiSecret *template,
                              GAsyncReadyCallback callback, gpointer user_data)
{
    MeishiTokenWork *work = meishi_token_work_new(use, run_create);

    work->template = meishi_secret_ref(template);
    meishi_token_work_enqueue(work, who, g_task_new(NULL, NULL, callback, user_data));
}

gboolean
meishi_token_use_create_finish(GAsyncResult *result, guint64 *ret_object, GError **error)
{
    const MeishiTokenWork *work = g_task_get_task_data(G_TASK(result));
    g_autoptr(MeishiSecret) nothing = g_task_propagate_pointer(G_TASK(result), error);

    if (nothing != NULL)
        *ret_object = work->object;
    return nothing != NULL;
}

void
meishi_token_use_destroy_async(MeishiTokenUse *use, gconstpointer who, guint64 object,
                               GAsyncReadyCallback callback, gpointer user_data)
{
    MeishiTokenWork *work = meishi_token_work_new(use, run_destroy);

    work->object = object;
    meishi_token_work_enqueue(work, who, g_task_new(NULL, NULL, callback, user_data));
}

gboolean
meishi_token_use_destroy_finish(GAsyncResult *result, GError **error)
{
    g_autoptr(MeishiSecret) nothing = g_task_propagate_pointer(G_TASK(result), error);

    return nothing != NULL;
}

/* ---- listing -------------------------------------------------------------------------------- */

static void
on_listed(GObject *source, GAsyncResult *result, gpointer user_data)
{
    GTask *task = user_data;
    MeishiTokenWork *work = g_task_get_task_data(task);
    g_autoptr(MeishiHostAnswer) answer = meishi_token_work_take_answer(task, result);

    if (answer == NULL)
        return;
    if (answer->reply.status == CKR_OK)
        work->keys_owner = meishi_token_objects_parse(answer->listing);
    if (work->keys_owner != NULL)
        meishi_token_work_finish(task, meishi_secret_new(0), NULL);
    else
        meishi_token_work_finish_status(
            task, answer->reply.status != CKR_OK ? answer->reply.status : CKR_DEVICE_ERROR,
            "be listed");
}

static void
run_list(GTask *task)
{
    MeishiHostRequest request = {.type = MEISHI_HOST_OBJECTS, .number = MEISHI_HOST_ANY_CLASS};

    meishi_token_work_call(task, &request, MEISHI_HOST_DEADLINE_QUICK_MS, on_listed);
}

void
meishi_token_use_list_async(MeishiTokenUse *use, gconstpointer who, GAsyncReadyCallback callback,
                            gpointer user_data)
{
    meishi_token_work_enqueue(meishi_token_work_new(use, run_list), who,
                              g_task_new(NULL, NULL, callback, user_data));
}

GPtrArray *
meishi_token_use_list_finish(GAsyncResult *result, GError **error)
{
    const MeishiTokenWork *work = g_task_get_task_data(G_TASK(result));
    g_autoptr(MeishiSecret) nothing = g_task_propagate_pointer(G_TASK(result), error);

    return nothing != NULL ? g_ptr_array_ref(work->keys_owner) : NULL;
}

/* ---- looking again -------------------------------------------------------------------------- */

void
meishi_token_use_read_again(MeishiTokenUse *use)
{
    g_clear_pointer(&use->private_objects, g_ptr_array_unref);
    if (use->watch != NULL)
        meishi_module_watch_read_again(use->watch);
}
