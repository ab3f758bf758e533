/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the module knows of mechanisms: the shape of the parameter, the key that goes with it and
 * the length of the result.  Which of them a token has is the snapshot's word; one that is not
 * known here passes with its parameter as it is.
 */
#pragma once

#include "module/object.h"
#include "module/wire/msg.h"

#define MEISHI_LENGTH_UNKNOWN SIZE_MAX

/* Flattens @mechanism; the strings point into the caller's parameter.
 * CKR_MECHANISM_PARAM_INVALID. */
CK_RV meishi_mechanism_flatten(const CK_MECHANISM *mechanism, struct meishi_msg_mechanism *ret);

/* Does the mechanism go with a key of this type? */
bool meishi_mechanism_fits_key(CK_MECHANISM_TYPE type, uint64_t key_type);

/* The bytes that the result takes, or at most takes (decryption); MEISHI_LENGTH_UNKNOWN where
 * only the daemon can tell. */
size_t meishi_mechanism_result_len(CK_MECHANISM_TYPE type, enum meishi_wire_operation operation,
                                   const struct meishi_object_ref *key);

/* Is the result of a length that depends on what comes out? */
bool meishi_mechanism_is_result_bound(enum meishi_wire_operation operation);

/* Is a private operation with this key quick enough to be waited for awake? */
bool meishi_mechanism_is_brief(enum meishi_wire_operation operation, uint64_t key_type);
