/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Identities for tests: one of each key type, with certificates of a little company CA that are
 * valid for a hundred years.  The keys are published here and good for nothing else.
 */
#pragma once

#include "daemon/agent/identity.h"
#include "daemon/crypto/crypto.h"

typedef enum {
    SAMPLE_EC,
    SAMPLE_RSA,
    SAMPLE_ED25519,
    SAMPLE_N,
} SampleKind;

/* The identity with both rows @row and a chain of two issuers.  Needs meishi_crypto_init(). */
MeishiIdentity *sample_identity_new(SampleKind kind, gint64 row);

/* The same without certificate and chain. */
MeishiIdentity *sample_identity_new_bare(SampleKind kind, gint64 row);

/* Number @n of very many that differ in everything that is indexed; made without cryptography,
 * from @original, so that ten thousand take no time. */
MeishiIdentity *sample_identity_new_numbered(const MeishiIdentity *original, guint n);

MeishiKey *sample_identity_key(SampleKind kind);

/* Certificate and key; the certificate that issued all of them. */
const char *sample_identity_pem(SampleKind kind);
const char *sample_identity_issuer_pem(void);
