/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * C_Sign, C_Verify and their kin: argument checks, then operation.c.
 */
#include "module/operation.h"

/* ---- sign ---------------------------------------------------------------------------------- */

CK_RV
C_SignInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
    return meishi_operation_init(session, MEISHI_WIRE_SIGN, mechanism, key);
}

CK_RV
C_Sign(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG data_len, CK_BYTE *signature,
       CK_ULONG *signature_len)
{
    struct meishi_operation_io io = {
        .data = data, .len = data_len, .out = signature, .out_len = signature_len};

    if (signature_len == NULL)
        return CKR_ARGUMENTS_BAD;
    return meishi_operation_run(session, MEISHI_WIRE_SIGN, &io);
}

CK_RV
C_SignUpdate(CK_SESSION_HANDLE session, CK_BYTE *part, CK_ULONG part_len)
{
    return meishi_operation_update(session, MEISHI_WIRE_SIGN, part, part_len);
}

CK_RV
C_SignFinal(CK_SESSION_HANDLE session, CK_BYTE *signature, CK_ULONG *signature_len)
{
    struct meishi_operation_io io = {.is_final = true, .out = signature, .out_len = signature_len};

    if (signature_len == NULL)
        return CKR_ARGUMENTS_BAD;
    return meishi_operation_run(session, MEISHI_WIRE_SIGN, &io);
}

CK_RV
C_SignRecoverInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
    return meishi_operation_init(session, MEISHI_WIRE_SIGN_RECOVER, mechanism, key);
}

CK_RV
C_SignRecover(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG data_len, CK_BYTE *signature,
              CK_ULONG *signature_len)
{
    struct meishi_operation_io io = {
        .data = data, .len = data_len, .out = signature, .out_len = signature_len};

    if (signature_len == NULL)
        return CKR_ARGUMENTS_BAD;
    return meishi_operation_run(session, MEISHI_WIRE_SIGN_RECOVER, &io);
}

/* ---- verify -------------------------------------------------------------------------------- */

CK_RV
C_VerifyInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
    return meishi_operation_init(session, MEISHI_WIRE_VERIFY, mechanism, key);
}

CK_RV
C_Verify(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG data_len, CK_BYTE *signature,
         CK_ULONG signature_len)
{
    struct meishi_operation_io io = {
        .data = data, .len = data_len, .signature = signature, .signature_len = signature_len};

    return meishi_operation_run(session, MEISHI_WIRE_VERIFY, &io);
}

CK_RV
C_VerifyUpdate(CK_SESSION_HANDLE session, CK_BYTE *part, CK_ULONG part_len)
{
    return meishi_operation_update(session, MEISHI_WIRE_VERIFY, part, part_len);
}

CK_RV
C_VerifyFinal(CK_SESSION_HANDLE session, CK_BYTE *signature, CK_ULONG signature_len)
{
    struct meishi_operation_io io = {
        .is_final = true, .signature = signature, .signature_len = signature_len};

    return meishi_operation_run(session, MEISHI_WIRE_VERIFY, &io);
}

CK_RV
C_VerifyRecoverInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
    return meishi_operation_init(session, MEISHI_WIRE_VERIFY_RECOVER, mechanism, key);
}

CK_RV
C_VerifyRecover(CK_SESSION_HANDLE session, CK_BYTE *signature, CK_ULONG signature_len,
                CK_BYTE *data, CK_ULONG *data_len)
{
    struct meishi_operation_io io = {
        .data = signature, .len = signature_len, .out = data, .out_len = data_len};

    if (data_len == NULL)
        return CKR_ARGUMENTS_BAD;
    return meishi_operation_run(session, MEISHI_WIRE_VERIFY_RECOVER, &io);
}
