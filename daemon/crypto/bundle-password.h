/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Passwords as the programs that wrote the file may have encoded them.  Private to daemon/crypto/.
 */
#pragma once

#include "daemon/crypto/ossl.h"

/* PKCS#12's own derivation takes a BMPString, PBES2 and PEM take bytes; programs differ in how
 * they made either from what a person typed. */
typedef struct {
    MeishiSecret *text;  /* UTF-8 of the BMPString; NULL: the password is absent */
    MeishiSecret *bytes; /* never NULL */
} MeishiPassword;

void meishi_bundle_password_free(MeishiPassword *password);

/* Every form of every one of @given (MeishiSecret), then absent and empty.  New array. */
GPtrArray *meishi_bundle_password_list(GPtrArray *given);
