/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Is a private key whole?  Private to daemon/crypto/.
 */
#pragma once

#include "daemon/crypto/ossl.h"

/* Consistency of all its numbers, then one signature that its public half must verify.
 * KEY_MISMATCH.  Bounded: some seconds for the largest RSA key that we take. */
gboolean meishi_key_check(EVP_PKEY *pkey, GError **error) G_GNUC_WARN_UNUSED_RESULT;
