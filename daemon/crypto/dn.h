/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Distinguished names out of DER.  Private to daemon/crypto/.
 */
#pragma once

#include "daemon/crypto/ossl.h"
#include "daemon/policy/name.h"

/* With all attributes; @der is the name's encoding. */
MeishiName *meishi_dn_read(const X509_NAME *name, GBytes *der);

/* RFC 4514, with invisible characters of any script as hex pairs. */
char *meishi_dn_to_text(const MeishiName *name);

/* The most specific commonName, cleaned; NULL. */
char *meishi_dn_common_name(const MeishiName *name);
