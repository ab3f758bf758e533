/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The message-based functions of PKCS #11 3.0, for the function list; none is supported.
 */
#pragma once

#include "module/cryptoki3.h"

CK_RV meishi_unsupported_message_encrypt_init(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
                                              CK_OBJECT_HANDLE key);
CK_RV meishi_unsupported_encrypt_message(CK_SESSION_HANDLE session, void *parameter,
                                         CK_ULONG parameter_len, CK_BYTE *associated,
                                         CK_ULONG associated_len, CK_BYTE *plain,
                                         CK_ULONG plain_len, CK_BYTE *cipher, CK_ULONG *cipher_len);
CK_RV meishi_unsupported_encrypt_message_begin(CK_SESSION_HANDLE session, void *parameter,
                                               CK_ULONG parameter_len, CK_BYTE *associated,
                                               CK_ULONG associated_len);
CK_RV
meishi_unsupported_encrypt_message_next(CK_SESSION_HANDLE session, void *parameter,
                                        CK_ULONG parameter_len, CK_BYTE *plain, CK_ULONG plain_len,
                                        CK_BYTE *cipher, CK_ULONG *cipher_len, CK_FLAGS flags);
CK_RV meishi_unsupported_message_encrypt_final(CK_SESSION_HANDLE session);
CK_RV meishi_unsupported_message_decrypt_init(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
                                              CK_OBJECT_HANDLE key);
CK_RV meishi_unsupported_decrypt_message(CK_SESSION_HANDLE session, void *parameter,
                                         CK_ULONG parameter_len, CK_BYTE *associated,
                                         CK_ULONG associated_len, CK_BYTE *cipher,
                                         CK_ULONG cipher_len, CK_BYTE *plain, CK_ULONG *plain_len);
CK_RV meishi_unsupported_decrypt_message_begin(CK_SESSION_HANDLE session, void *parameter,
                                               CK_ULONG parameter_len, CK_BYTE *associated,
                                               CK_ULONG associated_len);
CK_RV meishi_unsupported_decrypt_message_next(CK_SESSION_HANDLE session, void *parameter,
                                              CK_ULONG parameter_len, CK_BYTE *cipher,
                                              CK_ULONG cipher_len, CK_BYTE *plain,
                                              CK_ULONG *plain_len, CK_FLAGS flags);
CK_RV meishi_unsupported_message_decrypt_final(CK_SESSION_HANDLE session);
CK_RV meishi_unsupported_message_sign_init(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
                                           CK_OBJECT_HANDLE key);
CK_RV meishi_unsupported_sign_message(CK_SESSION_HANDLE session, void *parameter,
                                      CK_ULONG parameter_len, CK_BYTE *data, CK_ULONG data_len,
                                      CK_BYTE *signature, CK_ULONG *signature_len);
CK_RV meishi_unsupported_sign_message_begin(CK_SESSION_HANDLE session, void *parameter,
                                            CK_ULONG parameter_len);
CK_RV meishi_unsupported_sign_message_next(CK_SESSION_HANDLE session, void *parameter,
                                           CK_ULONG parameter_len, CK_BYTE *data, CK_ULONG data_len,
                                           CK_BYTE *signature, CK_ULONG *signature_len);
CK_RV meishi_unsupported_message_sign_final(CK_SESSION_HANDLE session);
CK_RV meishi_unsupported_message_verify_init(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
                                             CK_OBJECT_HANDLE key);
CK_RV meishi_unsupported_verify_message(CK_SESSION_HANDLE session, void *parameter,
                                        CK_ULONG parameter_len, CK_BYTE *data, CK_ULONG data_len,
                                        CK_BYTE *signature, CK_ULONG signature_len);
CK_RV meishi_unsupported_verify_message_begin(CK_SESSION_HANDLE session, void *parameter,
                                              CK_ULONG parameter_len);
CK_RV
meishi_unsupported_verify_message_next(CK_SESSION_HANDLE session, void *parameter,
                                       CK_ULONG parameter_len, CK_BYTE *data, CK_ULONG data_len,
                                       CK_BYTE *signature, CK_ULONG signature_len);
CK_RV meishi_unsupported_message_verify_final(CK_SESSION_HANDLE session);
