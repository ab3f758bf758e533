/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The hash functions that PKCS#11 mechanisms name.  Private to daemon/crypto/.
 */
#pragma once

#include "daemon/crypto/ossl.h"

typedef struct {
    guint64 mechanism; /* CKM_SHA256 */
    guint64 mgf;       /* CKG_MGF1_SHA256 */
    const char *name;  /* OpenSSL's */
    EVP_MD *md;        /* fetched once */
    gsize len;
} MeishiDigest;

/* Fetches all of them; FALSE where OpenSSL lacks one.  Later calls cost nothing. */
gboolean meishi_digest_prepare(void);

/* By CKM_SHA..., or NULL. */
const MeishiDigest *meishi_digest_find(guint64 mechanism);

/* By CKG_MGF1_SHA..., or NULL. */
const MeishiDigest *meishi_digest_find_mgf(guint64 mgf);
