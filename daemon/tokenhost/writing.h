/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Objects on the token, made and taken away.
 */
#pragma once

#include "daemon/tokenhost/session.h"

/* Makes the object that @encoded describes, with values as C_CreateObject wants them. */
CK_RV
meishi_writing_create(MeishiSession *session, const MeishiSecret *encoded, guint64 *ret_object);

CK_RV meishi_writing_destroy(MeishiSession *session, guint64 object);
