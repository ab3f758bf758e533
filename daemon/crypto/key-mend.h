/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Private keys of programs that write RSA keys in another order.  Private to daemon/crypto/.
 */
#pragma once

#include "daemon/crypto/ossl.h"

/* @pkey, or a new key of the same numbers in the order of RFC 8017 where they are in that of
 * libgcrypt; to be freed either way.  Whether the numbers are right is for meishi_key_check() to
 * say. */
EVP_PKEY *meishi_key_mend(EVP_PKEY *pkey);
