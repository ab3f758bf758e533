/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiTokenUse: one operation, when it has its turn.
 *
 *      is the key to be seen? ── no ──► logged in? ── no ──► LOCKED
 *                 │ yes                    │ yes
 *                 ▼                        ▼
 *            try it ◄───── the objects are listed, once per login
 *
 * Several keys may be the one that is meant; each is tried until a result verifies, and then known.
 * After all of them the next way is tried: a token may list a mechanism that it does not have, or
 * does in its own manner.
 */
#include "daemon/token/token-use-private.h"

#include "daemon/base/error.h"
#include "daemon/token/rv.h"
#include "module/wire/cryptoki.h"

#include <string.h>

static void try_key(GTask *task);

/* What a module says of sizes and purposes is wrong so often that only the mechanism counts; one
 * that says nothing at all may have any. */
static gboolean
may_have(const MeishiTokenContent *token, const MeishiTokenWay *way)
{
    return token->mechanisms->len == 0 ||
           meishi_token_content_has_mechanism(token, way->mechanism.type, 0);
}

static gboolean
is_shunned(const MeishiTokenUse *use, const MeishiTokenWay *way)
{
    return g_hash_table_contains(use->shunned, &way->mechanism.type);
}

/* The first way that the token has and that was not tried; first of those that are not known for
 * having failed.  NULL: none is left. */
static const MeishiTokenWay *
choose_way(MeishiTokenWork *work)
{
    for (int pass = 0; pass < 2; pass++) {
        for (guint i = 0; i < work->job.n_ways; i++) {
            const MeishiTokenWay *way = &work->job.ways[i];

            if ((work->tried_ways & 1u << i) != 0 || !may_have(work->use->token, way) ||
                (pass == 0 && is_shunned(work->use, way)))
                continue;
            work->tried_ways |= 1u << i;
            return way;
        }
    }
    return NULL;
}

/* Another way led to the goal: those before it need not be tried again, which on some cards costs a
 * second each time. */
static void
shun_others(MeishiTokenWork *work)
{
    for (guint i = 0; i < work->job.n_ways; i++) {
        const MeishiTokenWay *way = &work->job.ways[i];

        if (way != work->way && (work->tried_ways & 1u << i) != 0)
            g_hash_table_add(work->use->shunned,
                             g_memdup2(&way->mechanism.type, sizeof way->mechanism.type));
    }
}

static gboolean
verifies(const MeishiTokenWork *work, const MeishiHostAnswer *answer)
{
    return work->job.verify == NULL ||
           work->job.verify(answer->reply.result, work->job.verify_data);
}

static void
note_proven(MeishiTokenWork *work)
{
    const MeishiTokenObject *key = work->keys->pdata[work->next_key];

    g_hash_table_replace(work->use->proven,
                         g_bytes_new(work->identity.cert->sha256, MEISHI_SHA256_LEN),
                         g_memdup2(&key->handle, sizeof key->handle));
    shun_others(work);
}

/* Other keys were guesses as good as this one, and other ways are left, perhaps.  @error, taken
 * over: what came of this one; in the end the first counts. */
static void
try_next(GTask *task, GError *error)
{
    MeishiTokenWork *work = g_task_get_task_data(task);

    if (work->refusal == NULL)
        work->refusal = error;
    else
        g_error_free(error);
    if (++work->next_key == work->keys->len) {
        work->next_key = 0;
        work->way = choose_way(work);
    }
    if (work->way != NULL)
        try_key(task);
    else
        meishi_token_work_finish(task, NULL, g_steal_pointer(&work->refusal));
}

static GError *
new_mismatch_error(const MeishiTokenWork *work)
{
    return g_error_new(MEISHI_ERROR, MEISHI_ERROR_KEY_MISMATCH,
                       "The token “%s” has no key that belongs to the certificate.",
                       work->use->token->label);
}

/* Not so a person's "no" at the token. */
static gboolean
is_about_way(guint64 status)
{
    return meishi_rv_judge(status) == MEISHI_RV_REFUSED && status != CKR_FUNCTION_REJECTED;
}

/* Another program may have changed what is on the token. */
static gboolean
is_handle_of_old(guint64 status)
{
    return status == CKR_KEY_HANDLE_INVALID || status == CKR_OBJECT_HANDLE_INVALID;
}

static void
on_operated(GObject *source, GAsyncResult *result, gpointer user_data)
{
    GTask *task = user_data;
    MeishiTokenWork *work = g_task_get_task_data(task);
    g_autoptr(MeishiHostAnswer) answer = meishi_token_work_take_answer(task, result);

    if (answer == NULL)
        return;
    if (is_handle_of_old(answer->reply.status) && !work->had_key) {
        work->had_key = TRUE;
        g_clear_pointer(&work->use->private_objects, g_ptr_array_unref);
        meishi_token_work_operate(task);
    } else if (meishi_rv_is_about_pin(answer->reply.status)) {
        meishi_token_work_finish_wrong_pin(task, answer->reply.status);
    } else if (answer->reply.status != CKR_OK && is_about_way(answer->reply.status)) {
        try_next(task,
                 meishi_rv_error(answer->reply.status, work->use->token->label, "use its key"));
    } else if (answer->reply.status != CKR_OK) {
        meishi_token_work_finish_status(task, answer->reply.status, "use its key");
    } else if (verifies(work, answer)) {
        note_proven(work);
        meishi_token_work_finish(
            task, meishi_secret_new_copy(answer->reply.result.data, answer->reply.result.len),
            NULL);
    } else {
        try_next(task, new_mismatch_error(work));
    }
}

static gboolean
may_operate(GTask *task, const MeishiTokenObject *key)
{
    const MeishiTokenWork *work = g_task_get_task_data(task);
    const char *label = work->use->token->label;
    GError *error = NULL;

    if (work->way == NULL)
        error = g_error_new(MEISHI_ERROR, MEISHI_ERROR_MECHANISM,
                            "The token “%s” cannot sign in the way that is asked for.", label);
    else if (key->always_authenticate && work->job.pin == NULL && !work->job.use_pad)
        error = g_error_new(MEISHI_ERROR, MEISHI_ERROR_PASSWORD_REQUIRED,
                            "The token “%s” wants its PIN for each use of this key.", label);
    if (error != NULL)
        meishi_token_work_finish(task, NULL, error);
    return error == NULL;
}

static void
try_key(GTask *task)
{
    MeishiTokenWork *work = g_task_get_task_data(task);
    const MeishiTokenObject *key = work->keys->pdata[work->next_key];
    MeishiHostRequest request = {.type = MEISHI_HOST_OPERATE,
                                 .number = key->handle,
                                 .operation = work->job.operation,
                                 .login = key->always_authenticate};

    if (!may_operate(task, key))
        return;
    request.mechanism = work->way->mechanism;
    request.data = work->way->data;
    if (key->always_authenticate && work->job.pin != NULL) {
        request.n_pins = 1;
        request.pins[0] = work->job.pin;
    }
    meishi_token_work_call(task, &request,
                           request.login && request.n_pins == 0 ? MEISHI_HOST_DEADLINE_PERSON_MS
                                                                : MEISHI_HOST_DEADLINE_KEY_MS,
                           on_operated);
}

/* ---- finding the key ------------------------------------------------------------------------ */

/* The key that a result has proven, where it is still among @objects. */
static void
put_proven_first(const MeishiTokenWork *work, GPtrArray *keys)
{
    g_autoptr(GBytes) id = g_bytes_new(work->identity.cert->sha256, MEISHI_SHA256_LEN);
    const guint64 *handle = g_hash_table_lookup(work->use->proven, id);

    for (guint i = 0; handle != NULL && i < keys->len; i++) {
        const MeishiTokenObject *key = keys->pdata[i];

        if (key->handle != *handle)
            continue;
        keys->pdata[i] = keys->pdata[0];
        keys->pdata[0] = (gpointer)key;
        return;
    }
}

static gboolean
take_keys(MeishiTokenWork *work, GPtrArray *objects)
{
    const MeishiTokenUse *use = work->use;
    gboolean may_hide = !use->is_logged_in && meishi_token_content_needs_login(use->token);
    GPtrArray *keys = may_hide ? meishi_pairing_sure_keys(objects, &work->identity)
                               : meishi_pairing_keys(objects, &work->identity);

    g_clear_pointer(&work->keys, g_ptr_array_unref);
    g_clear_pointer(&work->keys_owner, g_ptr_array_unref);
    work->keys = keys;
    work->keys_owner = g_ptr_array_ref(objects);
    work->next_key = 0;
    put_proven_first(work, keys);
    work->tried_ways = 0;
    work->way = choose_way(work);
    return keys->len > 0;
}

/* What is seen now.  An owner's view has all objects, so that public keys still tell which CKA_ID
 * is meant; and certificates, perhaps, that nobody else sees. */
static void
take_listing(MeishiTokenUse *use, const MeishiHostAnswer *answer)
{
    g_clear_pointer(&use->private_objects, g_ptr_array_unref);
    use->private_objects = meishi_token_objects_parse(answer->listing);
    if (use->private_objects != NULL &&
        !meishi_token_objects_hold_certificates(use->token->objects, use->private_objects))
        meishi_module_watch_reveal(use->watch, use->token->presence, answer->listing);
}

static void
on_listed(GObject *source, GAsyncResult *result, gpointer user_data)
{
    GTask *task = user_data;
    MeishiTokenWork *work = g_task_get_task_data(task);
    g_autoptr(MeishiHostAnswer) answer = meishi_token_work_take_answer(task, result);

    if (answer == NULL)
        return;
    if (answer->reply.status != CKR_OK) {
        meishi_token_work_finish_status(task, answer->reply.status, "list its keys");
        return;
    }
    take_listing(work->use, answer);
    meishi_token_work_operate(task);
}

static void
list_objects(GTask *task, GAsyncReadyCallback callback)
{
    MeishiHostRequest request = {.type = MEISHI_HOST_OBJECTS, .number = MEISHI_HOST_ANY_CLASS};

    meishi_token_work_call(task, &request, MEISHI_HOST_DEADLINE_QUICK_MS, callback);
}

/* The login has succeeded, whatever comes of this. */
static void
on_revealed(GObject *source, GAsyncResult *result, gpointer user_data)
{
    GTask *task = user_data;
    const MeishiTokenWork *work = g_task_get_task_data(task);
    g_autoptr(MeishiHostAnswer) answer = meishi_token_work_take_answer(task, result);

    if (answer == NULL)
        return;
    if (answer->reply.status == CKR_OK)
        take_listing(work->use, answer);
    meishi_token_work_finish(task, meishi_secret_new(0), NULL);
}

void
meishi_token_work_reveal(GTask *task)
{
    list_objects(task, on_revealed);
}

/* A key that was there and is hidden now is one that nobody is logged in for any more: a card that
 * another program has reset, or one that lost its only session. */
static void
finish_without_key(GTask *task)
{
    const MeishiTokenWork *work = g_task_get_task_data(task);
    MeishiTokenUse *use = work->use;

    if (work->had_key)
        meishi_token_use_forget_login(use);
    if (!use->is_logged_in && meishi_token_content_needs_login(use->token))
        meishi_token_work_finish(task, NULL,
                                 meishi_rv_error(CKR_USER_NOT_LOGGED_IN, use->token->label, ""));
    else
        meishi_token_work_finish(task, NULL,
                                 g_error_new(MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND,
                                             "The token “%s” has no key for this certificate.",
                                             use->token->label));
}

void
meishi_token_work_operate(GTask *task)
{
    MeishiTokenWork *work = g_task_get_task_data(task);
    MeishiTokenUse *use = work->use;

    if (use->private_objects != NULL && take_keys(work, use->private_objects)) {
        try_key(task);
    } else if (!use->is_logged_in && !work->had_key && take_keys(work, use->token->objects)) {
        try_key(task);
    } else if ((use->is_logged_in || work->had_key) && !work->was_listed) {
        work->was_listed = TRUE;
        list_objects(task, on_listed);
    } else {
        finish_without_key(task);
    }
}
