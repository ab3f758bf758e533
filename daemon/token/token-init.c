/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 *      INIT_TOKEN ──► SLOTS: which number has it now? ──► INIT_PIN ──► look again
 *
 * Not in line with other work on the token, since it is that one no more after the first step.
 */
#include "daemon/token/token-init.h"

#include "daemon/base/error.h"
#include "daemon/token/rv.h"
#include "module/wire/cryptoki.h"

#include <string.h>

/* What a task is about. */
typedef struct {
    MeishiTokens *tokens; /* not to be touched after an error of a call: it may be gone */
    char *module;
    char *name; /* for sentences */
    char *label;
    guint64 slot, presence;
    GArray *neighbours; /* guint64: presences of the module's tokens, which are not the new one */
    MeishiSecret *so_pin, *pin;
} Init;

static void
init_free(gpointer data)
{
    Init *init = data;

    g_free(init->module);
    g_free(init->name);
    g_free(init->label);
    g_array_unref(init->neighbours);
    meishi_secret_unref(init->so_pin);
    meishi_secret_unref(init->pin);
    g_free(init);
}

static guint
deadline_of(const Init *init)
{
    return init->so_pin != NULL && init->pin != NULL ? MEISHI_HOST_DEADLINE_KEY_MS
                                                     : MEISHI_HOST_DEADLINE_PERSON_MS;
}

/* Takes a reference to @task along. */
static void
call(GTask *task, MeishiHostRequest *request, GAsyncReadyCallback callback)
{
    const Init *init = g_task_get_task_data(task);
    MeishiModuleWatch *watch = meishi_tokens_find_watch(init->tokens, init->module);

    if (watch == NULL) {
        g_task_return_error(task, meishi_rv_error(MEISHI_HOST_STALE, init->name, ""));
        return;
    }
    request->slot = init->slot;
    request->presence = init->presence;
    meishi_token_host_call_async(meishi_module_watch_host(watch), request, deadline_of(init),
                                 callback, g_object_ref(task));
}

/* NULL where the task is finished by that. */
static MeishiHostAnswer *
take_answer(GTask *task, GAsyncResult *result)
{
    GError *error = NULL;
    MeishiHostAnswer *answer = meishi_token_host_call_finish(result, &error);

    if (answer == NULL)
        g_task_return_error(task, error);
    return answer;
}

/* ---- what went wrong ------------------------------------------------------------------------ */

static GError *
new_init_error(const Init *init, guint64 status)
{
    g_autofree char *name = meishi_rv_name(status);

    switch (meishi_rv_judge(status)) {
    case MEISHI_RV_WRONG_PIN:
        return g_error_new(MEISHI_ERROR, MEISHI_ERROR_WRONG_SECRET,
                           "This is not the security officer's PIN of the token “%s”.", init->name);
    case MEISHI_RV_BAD_PIN:
        return g_error_new(MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT,
                           "The token “%s” does not take such a PIN for its security officer: it "
                           "is too short, too long or has characters that are not allowed in it.",
                           init->name);
    case MEISHI_RV_BLOCKED:
        return g_error_new(MEISHI_ERROR, MEISHI_ERROR_LOCKED,
                           "The security officer's PIN of the token “%s” is blocked.", init->name);
    case MEISHI_RV_REFUSED:
        return g_error_new(MEISHI_ERROR, MEISHI_ERROR_UNSUPPORTED,
                           "The token “%s” is not set up through PKCS#11 (%s). Use the program "
                           "that came with it.",
                           init->name, name);
    default:
        return meishi_rv_error(status, init->name, "be set up");
    }
}

static GError *
new_pin_error(const Init *init, guint64 status)
{
    g_autofree char *name = meishi_rv_name(status);

    return g_error_new(MEISHI_ERROR, MEISHI_ERROR_FAILED,
                       "The token “%s” was set up, but did not take the PIN (%s). Set it up once "
                       "more with one that is longer or has other characters.",
                       init->label, name);
}

/* ---- the steps ------------------------------------------------------------------------------ */

static void
look_again(const Init *init)
{
    MeishiModuleWatch *watch = meishi_tokens_find_watch(init->tokens, init->module);

    if (watch != NULL)
        meishi_module_watch_look(watch);
}

static void
on_pin_set(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    const Init *init = g_task_get_task_data(task);
    g_autoptr(MeishiHostAnswer) answer = take_answer(task, result);

    if (answer == NULL)
        return;
    look_again(init);
    if (answer->reply.status == CKR_OK)
        g_task_return_boolean(task, TRUE);
    else
        g_task_return_error(task, new_pin_error(init, answer->reply.status));
}

static gboolean
has_label(const MeishiHostSlot *slot, const char *label)
{
    return (slot->token_flags & CKF_TOKEN_INITIALIZED) != 0 && slot->label.len == strlen(label) &&
           memcmp(slot->label.data, label, slot->label.len) == 0;
}

static gboolean
was_there(const Init *init, const MeishiHostSlot *slot)
{
    for (guint i = 0; i < init->neighbours->len; i++) {
        if (g_array_index(init->neighbours, guint64, i) == slot->presence)
            return TRUE;
    }
    return FALSE;
}

/* In its slot, or where the module moved it: then it is the one of that name that was not there
 * before.  Another one would be given a PIN that is not meant for it. */
static gboolean
find_again(Init *init, const MeishiHostReply *reply)
{
    const MeishiHostSlot *found = NULL;
    guint n_new = 0;

    for (guint i = 0; i < reply->n; i++) {
        const MeishiHostSlot *slot = &reply->slots[i];

        if (slot->presence == 0 || !has_label(slot, init->label) || was_there(init, slot))
            continue;
        n_new++;
        if (found == NULL || slot->slot == init->slot)
            found = slot;
    }
    if (found != NULL && found->slot != init->slot && n_new > 1)
        return FALSE;
    if (found == NULL)
        return FALSE;
    init->slot = found->slot;
    init->presence = found->presence;
    return TRUE;
}

static void
on_looked(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    Init *init = g_task_get_task_data(task);
    g_autoptr(MeishiHostAnswer) answer = take_answer(task, result);
    MeishiHostRequest request = {.type = MEISHI_HOST_INIT_PIN,
                                 .n_pins = init->pin != NULL ? 2 : 0,
                                 .pins = {init->so_pin, init->pin}};

    if (answer == NULL)
        return;
    if (answer->reply.status == CKR_OK && find_again(init, &answer->reply))
        call(task, &request, on_pin_set);
    else
        g_task_return_error(task, new_pin_error(init, answer->reply.status != CKR_OK
                                                          ? answer->reply.status
                                                          : CKR_TOKEN_NOT_PRESENT));
}

static void
on_initialized(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    const Init *init = g_task_get_task_data(task);
    g_autoptr(MeishiHostAnswer) answer = take_answer(task, result);
    MeishiHostRequest request = {.type = MEISHI_HOST_SLOTS};

    if (answer == NULL)
        return;
    if (answer->reply.status == CKR_OK) {
        call(task, &request, on_looked);
        return;
    }
    look_again(init);
    g_task_return_error(task, new_init_error(init, answer->reply.status));
}

static GArray *
list_neighbours(MeishiTokens *tokens, const MeishiTokenContent *token)
{
    GPtrArray *uses = meishi_tokens_list(tokens);
    GArray *list = g_array_new(FALSE, FALSE, sizeof(guint64));

    for (guint i = 0; i < uses->len; i++) {
        const MeishiTokenContent *other = meishi_token_use_token(uses->pdata[i]);

        if (strcmp(other->module, token->module) == 0)
            g_array_append_val(list, other->presence);
    }
    return list;
}

static Init *
init_new(MeishiTokens *tokens, const MeishiTokenContent *token, const MeishiTokenInit *wish)
{
    Init *init = g_new0(Init, 1);

    init->tokens = tokens;
    init->module = g_strdup(token->module);
    init->name = g_strdup(token->label[0] != '\0' ? token->label : wish->label);
    init->label = g_strdup(wish->label);
    init->slot = token->slot;
    init->presence = token->presence;
    init->neighbours = list_neighbours(tokens, token);
    if (wish->so_pin != NULL && wish->pin != NULL) {
        init->so_pin = meishi_secret_ref(wish->so_pin);
        init->pin = meishi_secret_ref(wish->pin);
    }
    return init;
}

void
meishi_token_init_async(MeishiTokens *tokens, MeishiTokenUse *use, const MeishiTokenInit *wish,
                        GAsyncReadyCallback callback, gpointer user_data)
{
    g_autoptr(GTask) task = g_task_new(NULL, NULL, callback, user_data);
    Init *init = init_new(tokens, meishi_token_use_token(use), wish);
    MeishiHostRequest request = {.type = MEISHI_HOST_INIT_TOKEN,
                                 .n_pins = init->so_pin != NULL ? 1 : 0,
                                 .pins = {init->so_pin}};

    request.data = (struct meishi_bytes){(const guint8 *)init->label, strlen(init->label)};
    g_task_set_task_data(task, init, init_free);
    call(task, &request, on_initialized);
}

gboolean
meishi_token_init_finish(GAsyncResult *result, GError **error)
{
    return g_task_propagate_boolean(G_TASK(result), error);
}
