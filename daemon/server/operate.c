/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * OPERATE: find the key in the view, check that it may do this, do it.
 *
 * This is where policy is enforced: whatever a program was shown before, its handle is looked up in
 * the view that it has now.  Everything that can be refused without the private key is refused
 * before a person or the vault is asked for it.  A key that is not in the cache, or whose use a
 * person has to agree to, is an errand for the main loop; the handler then runs once more, with the
 * key, and looks at the view again.  Input in a memory file may be long and waits for its turn, so
 * that hashing never takes all workers.
 */
#include "daemon/server/operate.h"

#include "daemon/base/error.h"
#include "daemon/server/attrs.h"
#include "daemon/server/status.h"
#include "module/wire/cryptoki.h"
#include "module/wire/memfile.h"
#include "module/wire/wipe.h"

#include <sys/stat.h>

G_STATIC_ASSERT((int)MEISHI_OP_SIGN == MEISHI_WIRE_SIGN);
G_STATIC_ASSERT((int)MEISHI_OP_VERIFY == MEISHI_WIRE_VERIFY);
G_STATIC_ASSERT((int)MEISHI_OP_DIGEST == MEISHI_WIRE_DIGEST);
G_STATIC_ASSERT((int)MEISHI_OP_VERIFY_RECOVER == MEISHI_WIRE_VERIFY_RECOVER);

/* What each operation needs: the mechanism's flag, and which object the client names. */
static const struct {
    guint64 flag;
    gboolean needs_private_key;
} operations[] = {
    [MEISHI_OP_SIGN] = {CKF_SIGN, TRUE},
    [MEISHI_OP_SIGN_RECOVER] = {CKF_SIGN_RECOVER, TRUE},
    [MEISHI_OP_VERIFY] = {CKF_VERIFY, FALSE},
    [MEISHI_OP_ENCRYPT] = {CKF_ENCRYPT, FALSE},
    [MEISHI_OP_DECRYPT] = {CKF_DECRYPT, TRUE},
    [MEISHI_OP_DERIVE] = {CKF_DERIVE, TRUE},
    [MEISHI_OP_DIGEST] = {CKF_DIGEST, FALSE},
    [MEISHI_OP_VERIFY_RECOVER] = {CKF_VERIFY_RECOVER, FALSE},
};

/* One operation on its way. */
typedef struct {
    MeishiWireRequest *request;
    struct meishi_msg_operate msg;
    MeishiOperation op;
    MeishiMechanism mechanism;
    MeishiViewKey key;          /* of the request's view; no identity with DIGEST */
    struct meishi_bytes mapped; /* input from a memory file */
} Operation;

static void
operation_clear(Operation *operation)
{
    meishi_memfile_unmap(&operation->mapped);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Operation, operation_clear)

static MeishiVerdict
refuse(MeishiWireRequest *request, enum meishi_wire_status status)
{
    meishi_msg_error_encode(request->reply, request->head.type, request->head.call, status);
    return MEISHI_VERDICT_ANSWER;
}

/* ---- what is asked ------------------------------------------------------------------------- */

static void
copy_mechanism(const struct meishi_msg_mechanism *from, MeishiMechanism *ret)
{
    ret->type = from->type;
    ret->n_numbers = from->n_numbers;
    ret->n_strings = from->n_strings;
    for (guint i = 0; i < from->n_numbers; i++)
        ret->numbers[i] = from->numbers[i];
    for (guint i = 0; i < from->n_strings; i++) {
        ret->strings[i].data = from->strings[i].data;
        ret->strings[i].len = from->strings[i].len;
    }
}

static gboolean
decode(MeishiWireRequest *request, Operation *ret)
{
    if (!meishi_msg_operate_decode(request->body, &ret->msg) ||
        request->fds->n != (ret->msg.in_file ? 1u : 0u))
        return FALSE;
    ret->request = request;
    ret->op = (MeishiOperation)ret->msg.operation;
    copy_mechanism(&ret->msg.mechanism, &ret->mechanism);
    return TRUE;
}

static enum meishi_wire_status
check_mechanism(const Operation *operation)
{
    const MeishiMechanismInfo *info = meishi_mechanism_find(operation->mechanism.type);
    const MeishiIdentity *identity = operation->key.identity;

    if (info == NULL || (info->flags & operations[operation->op].flag) == 0)
        return MEISHI_WIRE_BAD_MECHANISM;
    if (identity == NULL)
        return MEISHI_WIRE_OK;
    if (!meishi_attrs_fits(info, identity->key->type, TRUE))
        return MEISHI_WIRE_KEY_TYPE;
    return meishi_attrs_fits(info, identity->key->type, identity->allow_raw)
               ? MEISHI_WIRE_OK
               : MEISHI_WIRE_NOT_PERMITTED;
}

static enum meishi_wire_status
deny(const Operation *operation)
{
    MeishiAudience *audience = operation->request->audience;
    const MeishiIdentity *identity = operation->key.identity;
    g_autofree char *program = meishi_audience_describe(audience);

    if (meishi_audience_note_refusal(audience, identity))
        g_message("policy keeps “%s” from %s", identity->label, program);
    return MEISHI_WIRE_DENIED;
}

/* A token that was pulled while its key was in use has taken the key out of the view: that is no
 * handle that never was (PKCS #11 3.0, 5.1.4: CKR_DEVICE_REMOVED). */
static enum meishi_wire_status
explain_absence(const MeishiWireRequest *request)
{
    const MeishiErrand *errand = request->errand;
    gboolean was_on_token =
        errand != NULL && errand->identity != NULL && errand->identity->place != NULL;

    return was_on_token ? MEISHI_WIRE_GONE : MEISHI_WIRE_NO_OBJECT;
}

/* Finds the key and checks that it may do this. */
static enum meishi_wire_status
check(Operation *operation)
{
    MeishiWireRequest *request = operation->request;

    if (operation->op == MEISHI_OP_DIGEST)
        return check_mechanism(operation);
    request->view = meishi_board_view(meishi_audience_board(request->audience));
    operation->key = meishi_view_find_key(request->view, operation->msg.object);
    if (operation->key.identity == NULL)
        return explain_absence(request);
    if (operation->key.is_withheld)
        return deny(operation);
    if (operation->key.is_private != operations[operation->op].needs_private_key)
        return MEISHI_WIRE_NOT_PERMITTED;
    return check_mechanism(operation);
}

/* ---- doing it ------------------------------------------------------------------------------ */

/* OK, DATA_LENGTH, or BAD_MESSAGE for a file that may change under our hands. */
static enum meishi_wire_status
map_input(Operation *operation)
{
    int fd = operation->request->fds->fd[0];
    struct stat st;

    if (meishi_memfile_map(fd, MEISHI_WIRE_MAX_DATA, &operation->mapped))
        return MEISHI_WIRE_OK;
    if (fstat(fd, &st) == 0 && st.st_size > (off_t)MEISHI_WIRE_MAX_DATA)
        return MEISHI_WIRE_DATA_LENGTH;
    return MEISHI_WIRE_BAD_MESSAGE;
}

static gboolean
perform(const Operation *operation, MeishiKey *key, gsize *inout_len, GError **error)
{
    const struct meishi_bytes *in =
        operation->msg.in_file ? &operation->mapped : &operation->msg.data;
    const struct meishi_bytes *signature = &operation->msg.signature;
    const MeishiIdentity *identity = operation->key.identity;
    guint8 *out = operation->request->result;

    if (key != NULL)
        return meishi_key_operate(key, operation->op, &operation->mechanism, identity->allow_raw,
                                  in->data, in->len, out, inout_len, error);
    if (operation->op != MEISHI_OP_VERIFY)
        return meishi_public_operate(identity != NULL ? identity->key->spki : NULL, operation->op,
                                     &operation->mechanism, in->data, in->len, out, inout_len,
                                     error);
    *inout_len = 0;
    return meishi_public_verify(identity->key->spki, &operation->mechanism, in->data, in->len,
                                signature->data, signature->len, error);
}

/* A client can do nothing about FAILED, so the log says what it was. */
static void
report(const Operation *operation, const GError *error)
{
    g_autofree char *program = meishi_audience_describe(operation->request->audience);

    g_warning("an operation of %s failed: %s", program, error->message);
}

static MeishiVerdict
answer(const Operation *operation, MeishiKey *key)
{
    MeishiWireRequest *request = operation->request;
    struct meishi_msg_result_reply reply = {.status = MEISHI_WIRE_OK};
    g_autoptr(GError) error = NULL;
    gsize len = MEISHI_WIRE_MAX_RESULT;

    if (perform(operation, key, &len, &error)) {
        reply.result = (struct meishi_bytes){request->result, len};
    } else {
        reply.status = meishi_status_from_error(error);
        if (reply.status == MEISHI_WIRE_FAILED)
            report(operation, error);
        len = MEISHI_WIRE_MAX_RESULT; /* whatever was left behind */
    }
    meishi_msg_operate_reply_encode(request->reply, request->head.call, &reply);
    meishi_wipe(request->result, len);
    return MEISHI_VERDICT_ANSWER;
}

/* The key for a private operation: from the errand, or from the cache. */
static MeishiKey *
find_key(const Operation *operation)
{
    const MeishiWireRequest *request = operation->request;

    if (request->errand != NULL && request->errand->key != NULL)
        return meishi_key_ref(request->errand->key);
    return meishi_key_cache_lookup(request->service->keys, operation->key.identity->key_id);
}

/* The policy may have become stricter while the person was asked: then they are asked again. */
static gboolean
is_confirmed(const Operation *operation)
{
    const MeishiErrand *errand = operation->request->errand;

    return operation->key.confirm <= (errand != NULL ? errand->confirm : MEISHI_CONFIRM_NEVER);
}

static MeishiVerdict
put_off(const Operation *operation)
{
    MeishiWireRequest *request = operation->request;
    MeishiErrand *errand = request->errand;

    if (errand == NULL)
        errand = request->errand = g_new0(MeishiErrand, 1);
    g_clear_pointer(&errand->identity, meishi_identity_unref);
    g_clear_pointer(&errand->key, meishi_key_unref);
    g_clear_pointer(&errand->result, meishi_secret_unref);
    meishi_away_clear(&errand->away);
    errand->is_done = FALSE;
    errand->identity = meishi_identity_ref((MeishiIdentity *)operation->key.identity);
    errand->confirm = operation->key.confirm;
    return MEISHI_VERDICT_PUT_OFF;
}

/* ---- with a key on a token ------------------------------------------------------------------ */

static MeishiVerdict
answer_result(const Operation *operation, const MeishiSecret *result)
{
    MeishiWireRequest *request = operation->request;
    const struct meishi_msg_result_reply reply = {
        .status = MEISHI_WIRE_OK,
        .result = {meishi_secret_data(result), meishi_secret_len(result)},
    };

    meishi_msg_operate_reply_encode(request->reply, request->head.call, &reply);
    return MEISHI_VERDICT_ANSWER;
}

/* Was what the token did done for this, as policy has it now? */
static gboolean
is_done_by_token(const Operation *operation)
{
    const MeishiErrand *errand = operation->request->errand;

    return errand != NULL && errand->result != NULL && is_confirmed(operation) &&
           errand->identity->cert_id == operation->key.identity->cert_id;
}

/* Hashing and padding are done here, the rest is an errand: the main loop has the tokens. */
static MeishiVerdict
put_off_to_token(const Operation *operation)
{
    const struct meishi_bytes *in =
        operation->msg.in_file ? &operation->mapped : &operation->msg.data;
    g_auto(MeishiAway) away = {0};
    g_autoptr(GError) error = NULL;

    if (!meishi_away_plan(operation->key.identity->key->spki, operation->op, &operation->mechanism,
                          in->data, in->len, &away, &error))
        return refuse(operation->request, meishi_status_from_error(error));
    (void)put_off(operation);
    operation->request->errand->op = operation->op;
    operation->request->errand->away = away;
    away = (MeishiAway){0};
    return MEISHI_VERDICT_PUT_OFF;
}

static MeishiVerdict
run_on_token(Operation *operation)
{
    MeishiWireRequest *request = operation->request;
    enum meishi_wire_status status = MEISHI_WIRE_OK;

    if (is_done_by_token(operation))
        return answer_result(operation, request->errand->result);
    if (operation->msg.in_file && !request->may_take_long)
        return MEISHI_VERDICT_LONG;
    if (operation->msg.in_file)
        status = map_input(operation);
    if (status == MEISHI_WIRE_BAD_MESSAGE)
        return MEISHI_VERDICT_NONSENSE;
    return status == MEISHI_WIRE_OK ? put_off_to_token(operation) : refuse(request, status);
}

MeishiVerdict
meishi_operate_run(MeishiWireRequest *request)
{
    g_auto(Operation) operation = {0};
    g_autoptr(MeishiKey) key = NULL;
    enum meishi_wire_status status;

    if (!decode(request, &operation))
        return MEISHI_VERDICT_NONSENSE;
    status = check(&operation);
    if (status != MEISHI_WIRE_OK)
        return refuse(request, status);
    if (operations[operation.op].needs_private_key) {
        if (request->errand != NULL && request->errand->status != MEISHI_WIRE_OK)
            return refuse(request, request->errand->status);
        if (operation.key.identity->place != NULL)
            return run_on_token(&operation);
        key = find_key(&operation);
        if (key == NULL || !is_confirmed(&operation))
            return put_off(&operation);
    }
    if (!operation.msg.in_file)
        return answer(&operation, key);
    if (!request->may_take_long)
        return MEISHI_VERDICT_LONG;
    status = map_input(&operation);
    if (status == MEISHI_WIRE_BAD_MESSAGE)
        return MEISHI_VERDICT_NONSENSE;
    return status == MEISHI_WIRE_OK ? answer(&operation, key) : refuse(request, status);
}
