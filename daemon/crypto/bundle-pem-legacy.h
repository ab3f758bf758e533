/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Traditional PEM encryption ("Proc-Type: 4,ENCRYPTED").  Private to daemon/crypto/.
 */
#pragma once

#include "daemon/crypto/reader.h"

/* Takes the key in; @type is OpenSSL's EVP_PKEY_RSA or EVP_PKEY_EC. */
gboolean meishi_bundle_pem_legacy_read(MeishiReader *reader, int type, const char *header,
                                       const guint8 *data, gsize len,
                                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
