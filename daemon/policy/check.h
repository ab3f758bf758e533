/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a person should know about an identity, and which of several is the best.  Pure.
 */
#pragma once

#include "daemon/policy/cert.h"

typedef enum {
    MEISHI_WARN_EXPIRED = 1 << 0,
    MEISHI_WARN_NOT_YET_VALID = 1 << 1,
    MEISHI_WARN_EXPIRES_SOON = 1 << 2,    /* within 30 days */
    MEISHI_WARN_NO_CLIENT_AUTH = 1 << 3,  /* an EKU extension without clientAuth or any */
    MEISHI_WARN_NO_SIGNATURE_KU = 1 << 4, /* a KU extension without digitalSignature */
    MEISHI_WARN_WEAK_KEY = 1 << 5,        /* RSA below 2048, EC below 224 bits */
    MEISHI_WARN_WEAK_SIGNATURE = 1 << 6,  /* MD5 or SHA-1 on a certificate that is not a root */
    MEISHI_WARN_MISSING_ISSUER = 1 << 7,  /* not self-signed, and no issuer at hand */
    MEISHI_WARN_IS_CA = 1 << 8,
    MEISHI_WARN_VERSION_1 = 1 << 9,
    MEISHI_WARN_NO_CERTIFICATE = 1 << 10, /* a key that waits for its certificate */
} MeishiWarning;

/* The warnings that hold for @cert at @now (seconds since 1970) with @chain, the issuers above it
 * (MeishiCert, leaf's issuer first; may be empty).  A NULL @cert gives NO_CERTIFICATE. */
guint meishi_check_warnings(const MeishiCert *cert, GPtrArray *chain, gint64 now);

/* The short name of one warning ("expired"), static; and a sentence for a person about it, which
 * the caller frees. */
const char *meishi_check_warning_name(MeishiWarning warning);
char *meishi_check_warning_text(MeishiWarning warning, const MeishiCert *cert);

/* Total, stable order: negative where @a is the better client identity.  Valid before not yet
 * valid before expired; clientAuth EKU before none before others; later notBefore, later notAfter;
 * then label, then SHA-256.  NULL certificates come last. */
int meishi_check_compare(const MeishiCert *a, const char *label_a, const MeishiCert *b,
                         const char *label_b, gint64 now);
