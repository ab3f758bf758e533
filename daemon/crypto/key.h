/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The inside of a MeishiKey, for the operations.  Private to daemon/crypto/.
 */
#pragma once

#include "daemon/crypto/crypto.h"
#include "daemon/crypto/ossl.h"

EVP_PKEY *meishi_key_pkey(MeishiKey *key);

/* A context on which EVP_PKEY_sign_init() has been done, for this thread alone; give it back after
 * a signature that went well, free it otherwise.  NULL where OpenSSL has none. */
EVP_PKEY_CTX *meishi_key_take_signer(MeishiKey *key);
void meishi_key_give_signer(MeishiKey *key, EVP_PKEY_CTX *signer);
