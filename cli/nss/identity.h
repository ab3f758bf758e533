/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One certificate whose key is in the database, as a PKCS#12 file with the issuers that the
 * database has.
 */
#pragma once

#include "daemon/base/secret.h"

#include <cert.h>
#include <pk11pub.h>

/* Once, before the first. */
void meishi_nss_identity_init(void);

/* AES-256, PBKDF2 and a MAC with SHA-256, under @seal (ASCII); NULL with NSS's error set. */
GByteArray *meishi_nss_identity_export(PK11SlotInfo *slot, CERTCertificate *cert,
                                       const MeishiSecret *seal) G_GNUC_WARN_UNUSED_RESULT;
