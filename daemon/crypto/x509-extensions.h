/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The extensions of a certificate.  Private to daemon/crypto/.
 */
#pragma once

#include "daemon/crypto/ossl.h"
#include "daemon/policy/cert.h"

/* Fills in what the extensions say; BAD_FILE. */
gboolean
meishi_x509_extensions_read(X509 *x509, MeishiCert *cert, GError **error) G_GNUC_WARN_UNUSED_RESULT;
