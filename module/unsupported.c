/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Functions that this token does not have.  Each still looks at its session first: a caller that
 * lost its session must hear so, whatever it wanted (PKCS #11 3.0, 5.1.2).
 */
#include "module/unsupported.h"

#include "module/state.h"

static CK_RV
refuse(CK_SESSION_HANDLE session)
{
    CK_RV rv = meishi_state_enter();

    if (rv != CKR_OK)
        return rv;
    rv = meishi_session_find(session) != NULL ? CKR_FUNCTION_NOT_SUPPORTED
                                              : CKR_SESSION_HANDLE_INVALID;
    meishi_state_leave();
    return rv;
}

CK_RV
C_InitPIN(CK_SESSION_HANDLE session, CK_BYTE *pin, CK_ULONG pin_len)
{
    return refuse(session);
}

CK_RV
C_SetPIN(CK_SESSION_HANDLE session, CK_BYTE *old_pin, CK_ULONG old_len, CK_BYTE *new_pin,
         CK_ULONG new_len)
{
    return refuse(session);
}

CK_RV
C_GetOperationState(CK_SESSION_HANDLE session, CK_BYTE *operation_state,
                    CK_ULONG *operation_state_len)
{
    return refuse(session);
}

CK_RV
C_SetOperationState(CK_SESSION_HANDLE session, CK_BYTE *operation_state,
                    CK_ULONG operation_state_len, CK_OBJECT_HANDLE encryption_key,
                    CK_OBJECT_HANDLE authentication_key)
{
    return refuse(session);
}

CK_RV
C_DigestEncryptUpdate(CK_SESSION_HANDLE session, CK_BYTE *part, CK_ULONG part_len,
                      CK_BYTE *encrypted_part, CK_ULONG *encrypted_part_len)
{
    return refuse(session);
}

CK_RV
C_DecryptDigestUpdate(CK_SESSION_HANDLE session, CK_BYTE *encrypted_part,
                      CK_ULONG encrypted_part_len, CK_BYTE *part, CK_ULONG *part_len)
{
    return refuse(session);
}

CK_RV
C_SignEncryptUpdate(CK_SESSION_HANDLE session, CK_BYTE *part, CK_ULONG part_len,
                    CK_BYTE *encrypted_part, CK_ULONG *encrypted_part_len)
{
    return refuse(session);
}

CK_RV
C_DecryptVerifyUpdate(CK_SESSION_HANDLE session, CK_BYTE *encrypted_part,
                      CK_ULONG encrypted_part_len, CK_BYTE *part, CK_ULONG *part_len)
{
    return refuse(session);
}

CK_RV
C_GenerateKey(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_ATTRIBUTE *templ,
              CK_ULONG count, CK_OBJECT_HANDLE *key)
{
    return refuse(session);
}

CK_RV
C_GenerateKeyPair(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
                  CK_ATTRIBUTE *public_key_template, CK_ULONG public_key_attribute_count,
                  CK_ATTRIBUTE *private_key_template, CK_ULONG private_key_attribute_count,
                  CK_OBJECT_HANDLE *public_key, CK_OBJECT_HANDLE *private_key)
{
    return refuse(session);
}

CK_RV
C_WrapKey(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE wrapping_key,
          CK_OBJECT_HANDLE key, CK_BYTE *wrapped_key, CK_ULONG *wrapped_key_len)
{
    return refuse(session);
}

CK_RV
C_UnwrapKey(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE unwrapping_key,
            CK_BYTE *wrapped_key, CK_ULONG wrapped_key_len, CK_ATTRIBUTE *templ,
            CK_ULONG attribute_count, CK_OBJECT_HANDLE *key)
{
    return refuse(session);
}

CK_RV
C_CopyObject(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *templ,
             CK_ULONG count, CK_OBJECT_HANDLE *new_object)
{
    return refuse(session);
}

/* ---- messages (3.0) ------------------------------------------------------------------------ */

CK_RV
meishi_unsupported_message_encrypt_init(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
                                        CK_OBJECT_HANDLE key)
{
    return refuse(session);
}

CK_RV
meishi_unsupported_encrypt_message(CK_SESSION_HANDLE session, void *parameter,
                                   CK_ULONG parameter_len, CK_BYTE *associated,
                                   CK_ULONG associated_len, CK_BYTE *plain, CK_ULONG plain_len,
                                   CK_BYTE *cipher, CK_ULONG *cipher_len)
{
    return refuse(session);
}

CK_RV
meishi_unsupported_encrypt_message_begin(CK_SESSION_HANDLE session, void *parameter,
                                         CK_ULONG parameter_len, CK_BYTE *associated,
                                         CK_ULONG associated_len)
{
    return refuse(session);
}

CK_RV
meishi_unsupported_encrypt_message_next(CK_SESSION_HANDLE session, void *parameter,
                                        CK_ULONG parameter_len, CK_BYTE *plain, CK_ULONG plain_len,
                                        CK_BYTE *cipher, CK_ULONG *cipher_len, CK_FLAGS flags)
{
    return refuse(session);
}

CK_RV
meishi_unsupported_message_encrypt_final(CK_SESSION_HANDLE session)
{
    return refuse(session);
}

CK_RV
meishi_unsupported_message_decrypt_init(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
                                        CK_OBJECT_HANDLE key)
{
    return refuse(session);
}

CK_RV
meishi_unsupported_decrypt_message(CK_SESSION_HANDLE session, void *parameter,
                                   CK_ULONG parameter_len, CK_BYTE *associated,
                                   CK_ULONG associated_len, CK_BYTE *cipher, CK_ULONG cipher_len,
                                   CK_BYTE *plain, CK_ULONG *plain_len)
{
    return refuse(session);
}

CK_RV
meishi_unsupported_decrypt_message_begin(CK_SESSION_HANDLE session, void *parameter,
                                         CK_ULONG parameter_len, CK_BYTE *associated,
                                         CK_ULONG associated_len)
{
    return refuse(session);
}

CK_RV
meishi_unsupported_decrypt_message_next(CK_SESSION_HANDLE session, void *parameter,
                                        CK_ULONG parameter_len, CK_BYTE *cipher,
                                        CK_ULONG cipher_len, CK_BYTE *plain, CK_ULONG *plain_len,
                                        CK_FLAGS flags)
{
    return refuse(session);
}

CK_RV
meishi_unsupported_message_decrypt_final(CK_SESSION_HANDLE session)
{
    return refuse(session);
}

CK_RV
meishi_unsupported_message_sign_init(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
                                     CK_OBJECT_HANDLE key)
{
    return refuse(session);
}

CK_RV
meishi_unsupported_sign_message(CK_SESSION_HANDLE session, void *parameter, CK_ULONG parameter_len,
                                CK_BYTE *data, CK_ULONG data_len, CK_BYTE *signature,
                                CK_ULONG *signature_len)
{
    return refuse(session);
}

CK_RV
meishi_unsupported_sign_message_begin(CK_SESSION_HANDLE session, void *parameter,
                                      CK_ULONG parameter_len)
{
    return refuse(session);
}

CK_RV
meishi_unsupported_sign_message_next(CK_SESSION_HANDLE session, void *parameter,
                                     CK_ULONG parameter_len, CK_BYTE *data, CK_ULONG data_len,
                                     CK_BYTE *signature, CK_ULONG *signature_len)
{
    return refuse(session);
}

CK_RV
meishi_unsupported_message_sign_final(CK_SESSION_HANDLE session)
{
    return refuse(session);
}

CK_RV
meishi_unsupported_message_verify_init(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
                                       CK_OBJECT_HANDLE key)
{
    return refuse(session);
}

CK_RV
meishi_unsupported_verify_message(CK_SESSION_HANDLE session, void *parameter,
                                  CK_ULONG parameter_len, CK_BYTE *data, CK_ULONG data_len,
                                  CK_BYTE *signature, CK_ULONG signature_len)
{
    return refuse(session);
}

CK_RV
meishi_unsupported_verify_message_begin(CK_SESSION_HANDLE session, void *parameter,
                                        CK_ULONG parameter_len)
{
    return refuse(session);
}

CK_RV
meishi_unsupported_verify_message_next(CK_SESSION_HANDLE session, void *parameter,
                                       CK_ULONG parameter_len, CK_BYTE *data, CK_ULONG data_len,
                                       CK_BYTE *signature, CK_ULONG signature_len)
{
    return refuse(session);
}

CK_RV
meishi_unsupported_message_verify_final(CK_SESSION_HANDLE session)
{
    return refuse(session);
}
