/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Operations.  See the table in operation.h.
 */
#include "module/operation.h"

#include "module/mechanism.h"
#include "module/object.h"
#include "module/rv.h"
#include "module/wire/buf.h"

#include <stdlib.h>
#include <string.h>

#define BRIEF_RESULT 64 /* bytes; what gives more than P-256 does takes its time */

struct meishi_operation {
    enum meishi_wire_operation kind;
    uint64_t object;
    struct meishi_msg_mechanism mechanism; /* its strings point into params */
    struct meishi_buf params;
    size_t result_len; /* exact or, by kind, a bound; or MEISHI_LENGTH_UNKNOWN */
    bool is_brief;
    bool is_multi; /* input was given in parts */
    bool has_result;
    struct meishi_buf input;
    struct meishi_buf result; /* kept where the caller's buffer was too small for it */
};

void
meishi_operation_free(struct meishi_operation *operation)
{
    if (operation == NULL)
        return;
    meishi_buf_clear(&operation->params);
    meishi_buf_clear(&operation->input);
    meishi_buf_clear(&operation->result);
    free(operation);
}

struct meishi_bytes
meishi_operation_result(const struct meishi_operation *operation)
{
    return (struct meishi_bytes){operation->result.data, operation->result.len};
}

/* ---- what a kind of operation needs -------------------------------------------------------- */

static const struct {
    CK_FLAGS mechanism_flag;
    CK_OBJECT_CLASS key_class;
    CK_ATTRIBUTE_TYPE key_ability;
} kinds[MEISHI_N_OPERATIONS] = {
    [MEISHI_WIRE_SIGN] = {CKF_SIGN, CKO_PRIVATE_KEY, CKA_SIGN},
    [MEISHI_WIRE_SIGN_RECOVER] = {CKF_SIGN_RECOVER, CKO_PRIVATE_KEY, CKA_SIGN_RECOVER},
    [MEISHI_WIRE_VERIFY] = {CKF_VERIFY, CKO_PUBLIC_KEY, CKA_VERIFY},
    [MEISHI_WIRE_ENCRYPT] = {CKF_ENCRYPT, CKO_PUBLIC_KEY, CKA_ENCRYPT},
    [MEISHI_WIRE_DECRYPT] = {CKF_DECRYPT, CKO_PRIVATE_KEY, CKA_DECRYPT},
    [MEISHI_WIRE_DERIVE] = {CKF_DERIVE, CKO_PRIVATE_KEY, CKA_DERIVE},
    [MEISHI_WIRE_DIGEST] = {CKF_DIGEST, 0, 0},
    [MEISHI_WIRE_VERIFY_RECOVER] = {CKF_VERIFY_RECOVER, CKO_PUBLIC_KEY, CKA_VERIFY_RECOVER},
};

static CK_RV
check_mechanism(CK_SLOT_ID slot_id, CK_MECHANISM_TYPE type, enum meishi_wire_operation kind)
{
    const struct meishi_snapshot_slot *slot = meishi_view_slot(slot_id);

    for (uint32_t n = 0; slot != NULL && n < slot->n_mechs; n++) {
        const struct meishi_snapshot_mech *mech =
            meishi_snapshot_mech_at(&meishi_state.view->snapshot, slot, n);

        if (mech->type == type && (mech->flags & kinds[kind].mechanism_flag) != 0)
            return CKR_OK;
    }
    return CKR_MECHANISM_INVALID;
}

static bool
is_mechanism_allowed(const struct meishi_object_ref *key, CK_MECHANISM_TYPE type)
{
    struct meishi_value allowed;

    if (!meishi_object_read(key, CKA_ALLOWED_MECHANISMS, &allowed) || allowed.is_sensitive)
        return true;
    for (size_t at = 0; at + sizeof(uint64_t) <= allowed.len; at += sizeof(uint64_t)) {
        uint64_t one;

        memcpy(&one, allowed.data + at, sizeof one);
        if (one == type)
            return true;
    }
    return false;
}

static CK_RV
check_key(const struct meishi_object_ref *key, CK_MECHANISM_TYPE type,
          enum meishi_wire_operation kind, uint64_t *ret_key_type)
{
    uint64_t class;

    if (!meishi_object_number(key, CKA_CLASS, &class) ||
        !meishi_object_number(key, CKA_KEY_TYPE, ret_key_type))
        return CKR_KEY_HANDLE_INVALID;
    if (class != kinds[kind].key_class || !meishi_object_is(key, kinds[kind].key_ability))
        return CKR_KEY_FUNCTION_NOT_PERMITTED;
    if (!meishi_mechanism_fits_key(type, *ret_key_type))
        return CKR_KEY_TYPE_INCONSISTENT;
    return is_mechanism_allowed(key, type) ? CKR_OK : CKR_MECHANISM_INVALID;
}

/* ---- beginning ----------------------------------------------------------------------------- */

/* The caller's parameter is gone when its Init returns: keep a copy of the strings. */
static bool
keep_strings(struct meishi_operation *operation)
{
    struct meishi_msg_mechanism *mechanism = &operation->mechanism;
    size_t at = 0;

    for (unsigned i = 0; i < mechanism->n_strings; i++)
        meishi_buf_add(&operation->params, mechanism->strings[i].data, mechanism->strings[i].len);
    for (unsigned i = 0; i < mechanism->n_strings; i++) {
        mechanism->strings[i].data = operation->params.data + at;
        at += mechanism->strings[i].len;
    }
    return !operation->params.failed;
}

static struct meishi_operation *
allocate(enum meishi_wire_operation kind, CK_OBJECT_HANDLE key,
         const struct meishi_msg_mechanism *mechanism)
{
    struct meishi_operation *operation = calloc(1, sizeof *operation);

    if (operation == NULL)
        return NULL;
    operation->kind = kind;
    operation->object = key;
    operation->mechanism = *mechanism;
    meishi_buf_init(&operation->params, MEISHI_WIRE_MAX_STRINGS * MEISHI_WIRE_MAX_PARAM);
    meishi_buf_init(&operation->input, MEISHI_WIRE_MAX_DATA);
    meishi_buf_init(&operation->result, MEISHI_WIRE_MAX_RESULT);
    if (keep_strings(operation))
        return operation;
    meishi_operation_free(operation);
    return NULL;
}

CK_RV
meishi_operation_new(const struct meishi_session *session, enum meishi_wire_operation kind,
                     const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key,
                     struct meishi_operation **ret)
{
    struct meishi_object_ref ref = {.local = NULL};
    struct meishi_msg_mechanism flat;
    uint64_t key_type = 0;
    CK_RV rv = check_mechanism(session->slot_id, mechanism->mechanism, kind);

    if (rv == CKR_OK)
        rv = meishi_mechanism_flatten(mechanism, &flat);
    if (rv == CKR_OK && kind != MEISHI_WIRE_DIGEST)
        rv = meishi_object_find(session, key, &ref)
                 ? check_key(&ref, mechanism->mechanism, kind, &key_type)
                 : CKR_KEY_HANDLE_INVALID;
    if (rv != CKR_OK)
        return rv;
    *ret = allocate(kind, key, &flat);
    if (*ret == NULL)
        return CKR_HOST_MEMORY;
    (*ret)->result_len = meishi_mechanism_result_len(mechanism->mechanism, kind, &ref);
    (*ret)->is_brief = meishi_mechanism_is_brief(kind, key_type) &&
                       ((*ret)->result_len <= BRIEF_RESULT || key_type == CKK_RSA);
    return CKR_OK;
}

static CK_RV
end_operation(struct meishi_operation **operation)
{
    if (*operation == NULL)
        return CKR_OPERATION_NOT_INITIALIZED;
    meishi_operation_free(*operation);
    *operation = NULL;
    return CKR_OK;
}

static bool
is_busy(const struct meishi_session *session, enum meishi_wire_operation kind)
{
    return (session->busy & 1u << kind) != 0;
}

static CK_RV
init(CK_SESSION_HANDLE session, enum meishi_wire_operation kind, const CK_MECHANISM *mechanism,
     CK_OBJECT_HANDLE key)
{
    struct meishi_session *s;
    CK_RV rv = meishi_state_enter();

    if (rv != CKR_OK)
        return rv;
    rv = meishi_session_get(session, &s);
    if (rv == CKR_OK && mechanism == NULL)
        rv = end_operation(&s->operations[kind]);
    else if (rv == CKR_OK && (s->operations[kind] != NULL || is_busy(s, kind)))
        rv = CKR_OPERATION_ACTIVE;
    else if (rv == CKR_OK)
        rv = meishi_operation_new(s, kind, mechanism, key, &s->operations[kind]);
    meishi_state_leave();
    return rv;
}

/* A key that a change of policy took away and another one gave back has its handle again: what is
 * not in the view at hand may be in the one that is due. */
CK_RV
meishi_operation_init(CK_SESSION_HANDLE session, enum meishi_wire_operation kind,
                      const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
    CK_RV rv = init(session, kind, mechanism, key);

    if (rv != CKR_KEY_HANDLE_INVALID)
        return rv;
    meishi_view_refresh();
    return init(session, kind, mechanism, key);
}

/* ---- going on ------------------------------------------------------------------------------ */

static CK_RV
find_operation(CK_SESSION_HANDLE handle, enum meishi_wire_operation kind,
               struct meishi_session **ret)
{
    CK_RV rv = meishi_session_get(handle, ret);

    if (rv != CKR_OK)
        return rv;
    if ((*ret)->operations[kind] != NULL)
        return CKR_OK;
    return is_busy(*ret, kind) ? CKR_OPERATION_ACTIVE : CKR_OPERATION_NOT_INITIALIZED;
}

static CK_RV
collect(struct meishi_operation **operation, const uint8_t *part, CK_ULONG len)
{
    struct meishi_buf *input = &(*operation)->input;
    CK_RV rv = CKR_DATA_LEN_RANGE;

    (*operation)->is_multi = true;
    if (len <= input->max - input->len) {
        meishi_buf_add(input, part, len);
        rv = input->failed ? CKR_HOST_MEMORY : CKR_OK;
    }
    if (rv != CKR_OK)
        (void)end_operation(operation);
    return rv;
}

CK_RV
meishi_operation_update(CK_SESSION_HANDLE session, enum meishi_wire_operation kind,
                        const uint8_t *part, CK_ULONG len)
{
    struct meishi_session *s;
    CK_RV rv;

    if (part == NULL && len > 0)
        return CKR_ARGUMENTS_BAD;
    rv = meishi_state_enter();
    if (rv != CKR_OK)
        return rv;
    rv = find_operation(session, kind, &s);
    if (rv == CKR_OK)
        rv = collect(&s->operations[kind], part, len);
    meishi_state_leave();
    return rv;
}

/* ---- the daemon ---------------------------------------------------------------------------- */

CK_RV
meishi_operation_perform(struct meishi_operation *operation, struct meishi_call *call,
                         const struct meishi_operation_io *io)
{
    struct meishi_msg_operate msg = {
        .object = operation->object,
        .operation = operation->kind,
        .mechanism = operation->mechanism,
        .signature = {io->signature, io->signature_len},
        .data = {io->data, io->len},
    };
    struct meishi_client_operate request = {&msg, operation->is_brief};
    struct meishi_msg_result_reply reply = {.status = MEISHI_WIRE_FAILED};
    enum meishi_client_result result;

    if (io->is_final)
        msg.data = (struct meishi_bytes){operation->input.data, operation->input.len};
    if (msg.data.len > MEISHI_WIRE_MAX_DATA)
        return meishi_rv_from_status(MEISHI_WIRE_DATA_LENGTH, operation->kind);
    if (msg.signature.len > MEISHI_WIRE_MAX_RESULT)
        return CKR_SIGNATURE_LEN_RANGE;
    result = meishi_client_operate(call, &request, &reply);
    if (result != MEISHI_CLIENT_OK)
        return meishi_rv_from_client(result, call);
    if (reply.status != MEISHI_WIRE_OK)
        return meishi_rv_from_status(reply.status, operation->kind);
    meishi_buf_add(&operation->result, reply.result.data, reply.result.len);
    operation->has_result = true;
    return operation->result.failed ? CKR_HOST_MEMORY : CKR_OK;
}

/* ---- giving out ---------------------------------------------------------------------------- */

/* The result to the caller, or its length. */
static CK_RV
deliver(const struct meishi_operation *operation, const struct meishi_operation_io *io)
{
    CK_ULONG room;

    if (io->out_len == NULL)
        return CKR_OK;
    room = *io->out_len;
    *io->out_len = operation->result.len;
    if (io->out == NULL)
        return CKR_OK;
    if (room < operation->result.len)
        return CKR_BUFFER_TOO_SMALL;
    if (operation->result.len > 0)
        memcpy(io->out, operation->result.data, operation->result.len);
    return CKR_OK;
}

/* After this answer the operation goes on. */
static bool
is_preliminary(const struct meishi_operation_io *io, CK_RV rv)
{
    return rv == CKR_BUFFER_TOO_SMALL || (rv == CKR_OK && io->out_len != NULL && io->out == NULL);
}

/* Answers a length query, a buffer that cannot be large enough, and a second call for a result
 * that is there already; false where the daemon has to be asked. */
static bool
answer_locally(const struct meishi_operation *operation, const struct meishi_operation_io *io,
               CK_RV *ret)
{
    if (operation->has_result) {
        *ret = deliver(operation, io);
        return true;
    }
    if (io->out_len == NULL || operation->result_len == MEISHI_LENGTH_UNKNOWN)
        return false;
    if (io->out != NULL && (meishi_mechanism_is_result_bound(operation->kind) ||
                            *io->out_len >= operation->result_len))
        return false;
    *ret = io->out != NULL ? CKR_BUFFER_TOO_SMALL : CKR_OK;
    *io->out_len = operation->result_len;
    return true;
}

static struct meishi_operation *
steal_operation(struct meishi_session *session, enum meishi_wire_operation kind)
{
    struct meishi_operation *operation = session->operations[kind];

    session->operations[kind] = NULL;
    session->busy |= 1u << kind;
    return operation;
}

/* Entered at the beginning and at the end, not while the daemon works. */
static CK_RV
run_at_daemon(struct meishi_session *session, enum meishi_wire_operation kind,
              const struct meishi_operation_io *io)
{
    struct meishi_operation *operation = steal_operation(session, kind);
    CK_SESSION_HANDLE handle = session->handle;
    struct meishi_call call;
    int cancel_state;
    CK_RV rv;

    meishi_client_begin(&call, handle);
    cancel_state = meishi_state_leave_to_wait();
    rv = meishi_operation_perform(operation, &call, io);
    if (rv == CKR_OK)
        rv = deliver(operation, io);
    meishi_client_end(&call);
    meishi_state_enter_again(cancel_state);
    session = meishi_session_find(handle); /* it may have been closed meanwhile */
    if (session != NULL)
        session->busy &= ~(1u << kind);
    if (session != NULL && is_preliminary(io, rv))
        session->operations[kind] = operation;
    else
        meishi_operation_free(operation);
    return rv;
}

static CK_RV
run(struct meishi_session *session, enum meishi_wire_operation kind,
    const struct meishi_operation_io *io)
{
    struct meishi_operation **operation = &session->operations[kind];
    CK_RV rv;

    if ((*operation)->is_multi && !io->is_final)
        return CKR_OPERATION_ACTIVE; /* parts were given: only the Final can end it */
    if (!answer_locally(*operation, io, &rv))
        return run_at_daemon(session, kind, io);
    if (!is_preliminary(io, rv))
        (void)end_operation(operation);
    return rv;
}

CK_RV
meishi_operation_run(CK_SESSION_HANDLE session, enum meishi_wire_operation kind,
                     const struct meishi_operation_io *io)
{
    struct meishi_session *s;
    CK_RV rv;

    if ((io->data == NULL && io->len > 0) || (io->signature == NULL && io->signature_len > 0))
        return CKR_ARGUMENTS_BAD;
    rv = meishi_state_enter();
    if (rv != CKR_OK)
        return rv;
    rv = find_operation(session, kind, &s);
    if (rv == CKR_OK)
        rv = run(s, kind, io);
    meishi_state_leave();
    return rv;
}
