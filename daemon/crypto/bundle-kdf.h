/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Keys from passwords as PKCS#5 and PKCS#12 derive them.  Private to daemon/crypto/.
 */
#pragma once

#include "daemon/crypto/bundle-limits.h"
#include "daemon/crypto/bundle-password.h"

/* PKCS#12 KDF (RFC 7292 appendix B): @id 1 key, 2 IV, 3 MAC key. */
gboolean
meishi_bundle_kdf_pkcs12(const MeishiPassword *password, const ASN1_OCTET_STRING *salt, int id,
                         guint iterations, const EVP_MD *md, guint8 *out, gsize len);

/* PBKDF1 (RFC 8018 5.1): at most one digest's length. */
gboolean meishi_bundle_kdf_pbkdf1(const MeishiPassword *password, const ASN1_OCTET_STRING *salt,
                                  guint iterations, const EVP_MD *md, guint8 *out, gsize len);

/* PBKDF2 or scrypt as @algorithm says; the cost has been checked and paid. */
gboolean meishi_bundle_kdf_derive(const MeishiLimits *limits, const X509_ALGOR *algorithm,
                                  const MeishiPassword *password, guint8 *out, gsize len,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;
