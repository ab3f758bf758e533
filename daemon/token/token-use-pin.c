/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiTokenUse: another PIN, by who knows the old one or the PUK.
 *
 * What a module says of having set a PIN is not taken for true: the token is opened with the new
 * one before anybody is told.  Either call ends the login that was there, since it is done in a
 * session of its own; that opening is the next one.
 */
#include "daemon/token/token-use-private.h"

#include "daemon/base/error.h"
#include "daemon/token/rv.h"
#include "module/wire/cryptoki.h"

#include <string.h>

/* ---- what went wrong ------------------------------------------------------------------------ */

static char *
describe_length(const MeishiTokenContent *token)
{
    g_autofree char *length = meishi_token_content_describe_pin(token);

    if (token->max_pin == 0)
        return g_strdup("another length or other characters");
    if (token->min_pin == token->max_pin)
        return g_steal_pointer(&length);
    return g_strconcat(length, ", or not all that were typed are allowed in it", NULL);
}

/* OpenSC unblocks only where it is configured to. */
static const char *
suggest(const MeishiTokenContent *token)
{
    return strstr(token->module, "opensc") != NULL
               ? "OpenSC does it with “user_pin_unblock_style = set_pin_in_unlogged_session” in "
                 "opensc.conf(5), and `pkcs15-tool --unblock-pin` without."
               : "The tool that came with the token may do it.";
}

static GError *
new_unblock_error(const MeishiTokenContent *token, MeishiRv meaning)
{
    if (meaning == MEISHI_RV_WRONG_PIN)
        return g_error_new(MEISHI_ERROR, MEISHI_ERROR_WRONG_SECRET,
                           "This is not the PUK of the token “%s”.", token->label);
    if (meaning == MEISHI_RV_BLOCKED)
        return g_error_new(MEISHI_ERROR, MEISHI_ERROR_LOCKED,
                           "The PIN of the token “%s” stays blocked: its PUK is blocked as well "
                           "for now, or its module does not take one. %s",
                           token->label, suggest(token));
    return g_error_new(MEISHI_ERROR, MEISHI_ERROR_UNSUPPORTED,
                       "The module of the token “%s” does not take a PUK for a PIN that is %s. "
                       "%s",
                       token->label,
                       meishi_token_content_pin_tries(token) == MEISHI_PIN_BLOCKED ? "blocked"
                                                                                   : "not blocked",
                       suggest(token));
}

static GError *
new_error(const MeishiTokenWork *work, guint64 status)
{
    const MeishiTokenContent *token = work->use->token;
    MeishiRv meaning = meishi_rv_judge(status);

    if (meaning == MEISHI_RV_BAD_PIN) {
        g_autofree char *length = describe_length(token);

        return g_error_new(MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT,
                           "A PIN of the token “%s” has %s.", token->label, length);
    }
    if (work->is_unblocking)
        return new_unblock_error(token, meaning);
    if (meaning == MEISHI_RV_REFUSED) {
        g_autofree char *name = meishi_rv_name(status);

        return g_error_new(MEISHI_ERROR, MEISHI_ERROR_UNSUPPORTED,
                           "The token “%s” does not let its PIN be changed (%s).", token->label,
                           name);
    }
    return meishi_rv_error(status, token->label, "change its PIN");
}

/* What is the token's verdict on what was typed, and not a failure of its own. */
static gboolean
is_verdict(MeishiRv meaning)
{
    return meaning == MEISHI_RV_WRONG_PIN || meaning == MEISHI_RV_BAD_PIN ||
           meaning == MEISHI_RV_BLOCKED || meaning == MEISHI_RV_REFUSED;
}

/* ---- the calls to the module ---------------------------------------------------------------- */

static void
on_opened(GObject *source, GAsyncResult *result, gpointer user_data)
{
    GTask *task = user_data;
    MeishiTokenWork *work = g_task_get_task_data(task);
    MeishiTokenUse *use = work->use;
    g_autoptr(MeishiHostAnswer) answer = meishi_token_work_take_answer(task, result);

    if (answer == NULL)
        return;
    if (meishi_rv_is_about_pin(answer->reply.status)) {
        meishi_token_work_finish_after_look(
            task, g_error_new(MEISHI_ERROR, MEISHI_ERROR_FAILED,
                              "The module of the token “%s” said that it has set the PIN, but the "
                              "new one does not open the token. Try the old one before anything "
                              "else.",
                              use->token->label));
    } else if (answer->reply.status != CKR_OK) {
        meishi_token_work_finish_status(task, answer->reply.status, "take its new PIN");
    } else {
        meishi_token_use_note_login(use);
        meishi_token_work_finish_after_look(task, NULL);
    }
}

static void
open_with_new_pin(GTask *task)
{
    const MeishiTokenWork *work = g_task_get_task_data(task);
    MeishiHostRequest request = {
        .type = MEISHI_HOST_LOGIN, .number = CKU_USER, .n_pins = 1, .pins = {work->new_pin}};

    meishi_token_work_call(task, &request, MEISHI_HOST_DEADLINE_QUICK_MS, on_opened);
}

static void
on_set(GObject *source, GAsyncResult *result, gpointer user_data)
{
    GTask *task = user_data;
    MeishiTokenWork *work = g_task_get_task_data(task);
    g_autoptr(MeishiHostAnswer) answer = meishi_token_work_take_answer(task, result);

    if (answer == NULL)
        return;
    if (answer->reply.status == CKR_OK && work->new_pin != NULL) {
        open_with_new_pin(task);
    } else if (answer->reply.status == CKR_OK) {
        meishi_token_work_finish_after_look(task, NULL);
    } else if (is_verdict(meishi_rv_judge(answer->reply.status))) {
        meishi_token_work_finish_after_look(task, new_error(work, answer->reply.status));
    } else {
        meishi_token_work_finish_status(task, answer->reply.status, "set its PIN");
    }
}

static void
run_set(GTask *task)
{
    MeishiTokenWork *work = g_task_get_task_data(task);
    MeishiHostRequest request = {.type = work->is_unblocking ? MEISHI_HOST_INIT_PIN
                                                             : MEISHI_HOST_SET_PIN,
                                 .number = work->is_unblocking ? 0 : CKU_USER,
                                 .n_pins = work->pin != NULL ? 2 : 0,
                                 .pins = {work->pin, work->new_pin}};

    meishi_token_use_forget_login(work->use);
    meishi_token_work_call(
        task, &request,
        work->pin != NULL ? MEISHI_HOST_DEADLINE_QUICK_MS : MEISHI_HOST_DEADLINE_PERSON_MS, on_set);
}

/* ---- calls ---------------------------------------------------------------------------------- */

static void
set_pin(MeishiTokenUse *use, GTask *task, MeishiSecret *by, MeishiSecret *new,
        gboolean is_unblocking)
{
    MeishiTokenWork *work = meishi_token_work_new(use, run_set);

    work->is_unblocking = is_unblocking;
    if (by != NULL && new != NULL) {
        work->pin = meishi_secret_ref(by);
        work->new_pin = meishi_secret_ref(new);
    }
    meishi_token_work_enqueue(work, use, task);
}

void
meishi_token_use_change_pin_async(MeishiTokenUse *use, MeishiSecret *old, MeishiSecret *new,
                                  GAsyncReadyCallback callback, gpointer user_data)
{
    set_pin(use, g_task_new(NULL, NULL, callback, user_data), old, new, FALSE);
}

void
meishi_token_use_unblock_pin_async(MeishiTokenUse *use, MeishiSecret *puk, MeishiSecret *new,
                                   GAsyncReadyCallback callback, gpointer user_data)
{
    set_pin(use, g_task_new(NULL, NULL, callback, user_data), puk, new, TRUE);
}

gboolean
meishi_token_use_set_pin_finish(GAsyncResult *result, GError **error)
{
    g_autoptr(MeishiSecret) nothing = g_task_propagate_pointer(G_TASK(result), error);

    return nothing != NULL;
}
