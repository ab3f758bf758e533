/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What signing, verifying, encrypting, decrypting and digesting have in common: beginning (all
 * checks are local), collecting input, one request to the daemon, and giving out the result.
 *
 *            | Init          | length query, too small | result out | any other error
 * idle       | -> active     | NOT_INITIALIZED         |            |
 * active     | ACTIVE        | -> active               | -> idle    | -> idle
 * at daemon  | ACTIVE        | ACTIVE                  |            |
 *
 * While a request is at the daemon the operation belongs to the call, and the session knows only
 * that it is busy: closing the session in the meantime leaves nothing dangling.
 */
#pragma once

#include "module/state.h"

struct meishi_operation;

/* What a C_ function got from its caller. */
struct meishi_operation_io {
    const uint8_t *data;
    CK_ULONG len;
    bool is_final;            /* the data was collected by updates; @data adds nothing */
    const uint8_t *signature; /* to be verified */
    CK_ULONG signature_len;
    uint8_t *out;      /* NULL: only the length is wanted */
    CK_ULONG *out_len; /* NULL: nothing comes out */
};

/* The whole of a C_...Init; not entered.  @mechanism NULL ends the operation (3.0, 5.2). */
CK_RV meishi_operation_init(CK_SESSION_HANDLE session, enum meishi_wire_operation kind,
                            const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key);

/* The whole of a C_...Update that gives nothing out; not entered. */
CK_RV meishi_operation_update(CK_SESSION_HANDLE session, enum meishi_wire_operation kind,
                              const uint8_t *part, CK_ULONG len);

/* The whole of a C_Sign, C_SignFinal, C_Verify ...; not entered. */
CK_RV meishi_operation_run(CK_SESSION_HANDLE session, enum meishi_wire_operation kind,
                           const struct meishi_operation_io *io);

/* ---- parts, for derive.c ------------------------------------------------------------------- */

/* Entered: makes an operation after all local checks. */
CK_RV meishi_operation_new(const struct meishi_session *session, enum meishi_wire_operation kind,
                           const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key,
                           struct meishi_operation **ret);

/* Not entered, in @call: asks the daemon.  The result stays in the operation. */
CK_RV meishi_operation_perform(struct meishi_operation *operation, struct meishi_call *call,
                               const struct meishi_operation_io *io);
struct meishi_bytes meishi_operation_result(const struct meishi_operation *operation);

void meishi_operation_free(struct meishi_operation *operation); /* NULL is fine */
