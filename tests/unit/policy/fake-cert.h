/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Certificates out of thin air for the tests of daemon/policy: only the members that a rule looks
 * at are filled in, no DER is ever made.  The serial makes each one's SHA-256 its own.
 */
#pragma once

#include "daemon/policy/cert.h"

#include <string.h>

#define FAKE_NOW G_GINT64_CONSTANT(1800000000)
#define FAKE_DAY G_GINT64_CONSTANT(86400)

/* A version 3 certificate of @subject by @issuer, valid from a day before FAKE_NOW to a year after,
 * RSA 2048, no extensions; self-signed where the names are the same. */
static inline MeishiCert *
fake_cert(const char *subject, const char *issuer, guint8 serial)
{
    MeishiCert *cert = g_new0(MeishiCert, 1);

    cert->refs = 1;
    cert->version = 3;
    cert->sha256[0] = serial;
    cert->subject = g_bytes_new(subject, strlen(subject));
    cert->issuer = g_bytes_new(issuer, strlen(issuer));
    cert->subject_text = g_strdup(subject);
    cert->issuer_text = g_strdup(issuer);
    cert->not_before = FAKE_NOW - FAKE_DAY;
    cert->not_after = FAKE_NOW + 365 * FAKE_DAY;
    cert->is_self_issued = g_bytes_equal(cert->subject, cert->issuer);
    cert->is_self_signed = cert->is_self_issued;
    cert->key = g_new0(MeishiPublicKey, 1);
    cert->key->type = MEISHI_KEY_RSA;
    cert->key->bits = 2048;
    cert->key->text = g_strdup("RSA 2048");
    return cert;
}
