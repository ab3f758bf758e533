/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * C_Encrypt, C_Decrypt and C_Digest.  RSA has one block: the Update functions collect, and
 * everything comes out at the Final.
 */
#include "module/operation.h"

static CK_RV
run_with_output(CK_SESSION_HANDLE session, enum meishi_wire_operation kind,
                const struct meishi_operation_io *io)
{
    return io->out_len != NULL ? meishi_operation_run(session, kind, io) : CKR_ARGUMENTS_BAD;
}

static CK_RV
update_without_output(CK_SESSION_HANDLE session, enum meishi_wire_operation kind,
                      struct meishi_bytes part, CK_ULONG *out_len)
{
    CK_RV rv;

    if (out_len == NULL)
        return CKR_ARGUMENTS_BAD;
    rv = meishi_operation_update(session, kind, part.data, part.len);
    if (rv == CKR_OK)
        *out_len = 0;
    return rv;
}

/* ---- encrypt ------------------------------------------------------------------------------- */

CK_RV
C_EncryptInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
    return meishi_operation_init(session, MEISHI_WIRE_ENCRYPT, mechanism, key);
}

CK_RV
C_Encrypt(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG data_len, CK_BYTE *encrypted,
          CK_ULONG *encrypted_len)
{
    struct meishi_operation_io io = {
        .data = data, .len = data_len, .out = encrypted, .out_len = encrypted_len};

    return run_with_output(session, MEISHI_WIRE_ENCRYPT, &io);
}

CK_RV
C_EncryptUpdate(CK_SESSION_HANDLE session, CK_BYTE *part, CK_ULONG part_len, CK_BYTE *encrypted,
                CK_ULONG *encrypted_len)
{
    return update_without_output(session, MEISHI_WIRE_ENCRYPT,
                                 (struct meishi_bytes){part, part_len}, encrypted_len);
}

CK_RV
C_EncryptFinal(CK_SESSION_HANDLE session, CK_BYTE *encrypted, CK_ULONG *encrypted_len)
{
    struct meishi_operation_io io = {.is_final = true, .out = encrypted, .out_len = encrypted_len};

    return run_with_output(session, MEISHI_WIRE_ENCRYPT, &io);
}

/* ---- decrypt ------------------------------------------------------------------------------- */

CK_RV
C_DecryptInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
    return meishi_operation_init(session, MEISHI_WIRE_DECRYPT, mechanism, key);
}

CK_RV
C_Decrypt(CK_SESSION_HANDLE session, CK_BYTE *encrypted, CK_ULONG encrypted_len, CK_BYTE *data,
          CK_ULONG *data_len)
{
    struct meishi_operation_io io = {
        .data = encrypted, .len = encrypted_len, .out = data, .out_len = data_len};

    return run_with_output(session, MEISHI_WIRE_DECRYPT, &io);
}

CK_RV
C_DecryptUpdate(CK_SESSION_HANDLE session, CK_BYTE *encrypted, CK_ULONG encrypted_len,
                CK_BYTE *part, CK_ULONG *part_len)
{
    return update_without_output(session, MEISHI_WIRE_DECRYPT,
                                 (struct meishi_bytes){encrypted, encrypted_len}, part_len);
}

CK_RV
C_DecryptFinal(CK_SESSION_HANDLE session, CK_BYTE *part, CK_ULONG *part_len)
{
    struct meishi_operation_io io = {.is_final = true, .out = part, .out_len = part_len};

    return run_with_output(session, MEISHI_WIRE_DECRYPT, &io);
}

/* ---- digest -------------------------------------------------------------------------------- */

CK_RV
C_DigestInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism)
{
    return meishi_operation_init(session, MEISHI_WIRE_DIGEST, mechanism, CK_INVALID_HANDLE);
}

CK_RV
C_Digest(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG data_len, CK_BYTE *digest,
         CK_ULONG *digest_len)
{
    struct meishi_operation_io io = {
        .data = data, .len = data_len, .out = digest, .out_len = digest_len};

    return run_with_output(session, MEISHI_WIRE_DIGEST, &io);
}

CK_RV
C_DigestUpdate(CK_SESSION_HANDLE session, CK_BYTE *part, CK_ULONG part_len)
{
    return meishi_operation_update(session, MEISHI_WIRE_DIGEST, part, part_len);
}

/* No key's value is here to be digested. */
CK_RV
C_DigestKey(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key)
{
    struct meishi_session *s;
    CK_RV rv = meishi_state_enter();

    if (rv != CKR_OK)
        return rv;
    rv = meishi_session_get(session, &s);
    if (rv == CKR_OK)
        rv = s->operations[MEISHI_WIRE_DIGEST] != NULL ? CKR_KEY_INDIGESTIBLE
                                                       : CKR_OPERATION_NOT_INITIALIZED;
    meishi_state_leave();
    return rv;
}

CK_RV
C_DigestFinal(CK_SESSION_HANDLE session, CK_BYTE *digest, CK_ULONG *digest_len)
{
    struct meishi_operation_io io = {.is_final = true, .out = digest, .out_len = digest_len};

    return run_with_output(session, MEISHI_WIRE_DIGEST, &io);
}
