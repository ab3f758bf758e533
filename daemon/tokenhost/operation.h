/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One operation with a private key on the token, from C_SignInit to its result.
 */
#pragma once

#include "daemon/tokenhost/session.h"

/* Runs @request (OPERATE) into @out, which has room for MEISHI_WIRE_MAX_RESULT.  With
 * @request->login it logs in between the two halves, as keys with CKA_ALWAYS_AUTHENTICATE want. */
CK_RV meishi_operation_run(MeishiSession *session, const MeishiHostRequest *request, guint8 *out,
                           gsize *ret_len);
