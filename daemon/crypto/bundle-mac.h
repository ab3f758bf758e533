/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The integrity check of PKCS#12.  Private to daemon/crypto/.
 */
#pragma once

#include "daemon/crypto/reader.h"

/* RFC 7292 section 4, MacData. */
typedef struct {
    X509_SIG *digest_info;
    ASN1_OCTET_STRING *salt;
    ASN1_INTEGER *iterations; /* NULL: 1 */
} MeishiMacData;

/* Finds the password whose MAC over @content is the file's, and remembers it in @reader.
 * PASSWORD_REQUIRED, WRONG_PASSWORD, TOO_EXPENSIVE, UNSUPPORTED, BAD_FILE. */
gboolean
meishi_bundle_mac_check(MeishiReader *reader, const MeishiMacData *mac,
                        const ASN1_OCTET_STRING *content, GError **error) G_GNUC_WARN_UNUSED_RESULT;
