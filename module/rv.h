/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The one place where what the daemon said becomes a CK_RV.
 */
#pragma once

#include "module/client.h"
#include "module/wire/cryptoki.h"

CK_RV meishi_rv_from_status(enum meishi_wire_status status, enum meishi_wire_operation operation);

/* @call says why it was cancelled. */
CK_RV meishi_rv_from_client(enum meishi_client_result result, const struct meishi_call *call);
