/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiAgent: setting up a token.  What cannot be right is refused before anything is erased.
 */
#include "daemon/agent/token-setup.h"

#include "daemon/agent/token-shelf.h"
#include "daemon/base/error.h"
#include "daemon/token/token-init.h"

#include <string.h>

#define SEEN_MS    5000 /* what a module takes to show the token under its new name */
#define SEEN_EVERY 50   /* ms */

/* What a task is about, once it is done. */
typedef struct {
    char *label;
    guint waited_ms;
} Wait;

/* ---- what is refused ------------------------------------------------------------------------- */

static gboolean
check_label(const char *label, GError **error)
{
    gsize len = strlen(label);

    if (len > 0 && len <= MEISHI_TOKEN_LABEL_SIZE && !g_ascii_isspace(label[0]) &&
        !g_ascii_isspace(label[len - 1]))
        return TRUE;
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT,
                "The label of a token has 1 to %d bytes and no blanks around it.",
                MEISHI_TOKEN_LABEL_SIZE);
    return FALSE;
}

static gboolean
check_pins(const MeishiTokenLock *lock, const MeishiTokenSetup *setup, GError **error)
{
    const MeishiTokenContent *token = meishi_token_use_token(lock->use);
    const gboolean has_pad = meishi_token_content_has_pin_pad(token);
    gsize len = setup->pin != NULL ? meishi_secret_len(setup->pin) : 0;
    g_autofree char *length = NULL;

    if ((setup->pin == NULL || setup->so_pin == NULL) != has_pad) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT,
                    has_pad ? "The PINs of the token “%s” are typed at its own keys."
                            : "The token “%s” needs a PIN and one for its security officer.",
                    setup->token);
        return FALSE;
    }
    if (has_pad || meishi_token_content_takes_pin(token, len))
        return TRUE;
    length = meishi_token_content_describe_pin(token);
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT,
                "A PIN of the token “%s” has %s.", setup->token, length);
    return FALSE;
}

static gboolean
check(const MeishiTokenLock *lock, const MeishiTokenSetup *setup, GError **error)
{
    const MeishiTokenContent *token = meishi_token_use_token(lock->use);

    if (!check_label(setup->label, error) || !check_pins(lock, setup, error))
        return FALSE;
    if (setup->erases || !meishi_token_content_is_initialized(token))
        return TRUE;
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_EXISTS,
                "The token “%s” is set up already. `meishi token init %s --force` erases all that "
                "is on it.",
                setup->token, setup->token);
    return FALSE;
}

/* ---- doing it -------------------------------------------------------------------------------- */

static void
wait_free(gpointer data)
{
    Wait *wait = data;

    g_free(wait->label);
    g_free(wait);
}

static gboolean
is_seen(const MeishiAgent *agent, const char *label)
{
    for (guint i = 0; agent->shelf != NULL && i < agent->shelf->locks->len; i++) {
        const MeishiTokenLock *lock = agent->shelf->locks->pdata[i];

        if (g_str_equal(meishi_token_use_token(lock->use)->label, label))
            return TRUE;
    }
    return FALSE;
}

static gboolean
on_time_to_see(gpointer user_data)
{
    GTask *task = user_data;
    Wait *wait = g_task_get_task_data(task);

    wait->waited_ms += SEEN_EVERY;
    if (!is_seen(g_task_get_source_object(task), wait->label) && wait->waited_ms < SEEN_MS)
        return G_SOURCE_CONTINUE;
    g_task_return_boolean(task, TRUE);
    return G_SOURCE_REMOVE;
}

static void
on_set_up(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    GError *error = NULL;

    if (meishi_token_init_finish(result, &error))
        g_timeout_add_full(G_PRIORITY_DEFAULT, SEEN_EVERY, on_time_to_see, g_object_ref(task),
                           g_object_unref);
    else
        g_task_return_error(task, error);
}

void
meishi_agent_set_up_token_async(MeishiAgent *agent, const MeishiTokenSetup *setup,
                                GAsyncReadyCallback callback, gpointer user_data)
{
    g_autoptr(GTask) task = g_task_new(agent, NULL, callback, user_data);
    const MeishiTokenInit init = {setup->label, setup->so_pin, setup->pin};
    GError *error = NULL;
    MeishiTokenLock *lock = meishi_token_lock_find(agent, setup->token, &error);
    Wait *wait = g_new0(Wait, 1);

    wait->label = g_strdup(setup->label);
    g_task_set_task_data(task, wait, wait_free);
    if (lock == NULL || !check(lock, setup, &error))
        g_task_return_error(task, error);
    else
        meishi_token_init_async(agent->shelf->tokens, lock->use, &init, on_set_up,
                                g_object_ref(task));
}

gboolean
meishi_agent_set_up_token_finish(MeishiAgent *agent, GAsyncResult *result, GError **error)
{
    return g_task_propagate_boolean(G_TASK(result), error);
}
