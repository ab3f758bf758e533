/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiCertificateRequest: what a server asks of a client, as it stood on the wire.
 */
#pragma once

#include <glib.h>

/* An entry of the oid_filters extension. */
typedef struct {
    char *oid; /* dotted; "#" and the hex of its DER where a number in it has no 64 bits' room */
    GBytes *values; /* DER, as it came */
} MeishiAskedFilter;

typedef struct {
    guint16 version;        /* MEISHI_TLS_1_2 or MEISHI_TLS_1_3, which is how it was read */
    GBytes *context;        /* TLS 1.3; empty in the main handshake; NULL in TLS 1.2 */
    GBytes *types;          /* TLS 1.2: ClientCertificateType, server's order; NULL in TLS 1.3 */
    GArray *sigalgs;        /* guint16, server's order */
    GArray *sigalgs_cert;   /* guint16; NULL: not sent */
    GPtrArray *ca_names;    /* GBytes, one DER Name each; empty: any */
    GPtrArray *oid_filters; /* MeishiAskedFilter; empty in TLS 1.2 */
} MeishiCertificateRequest;

/* Reads the body of a CertificateRequest: RFC 5246 7.4.4 for @version MEISHI_TLS_1_2, RFC 9846
 * "Certificate Request" (8446 4.3.2) for MEISHI_TLS_1_3.  Extensions that say nothing about the
 * certificate are passed over.  MEISHI_ERROR_BAD_DATA says what is wrong. */
MeishiCertificateRequest *
meishi_certificate_request_parse(GBytes *body, guint16 version,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
void meishi_certificate_request_free(MeishiCertificateRequest *request); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiCertificateRequest, meishi_certificate_request_free)

/* "rsa_sign", static; NULL for a ClientCertificateType without a name (RFC 5246 7.4.4, 8422 5.5).
 */
const char *meishi_certificate_request_type_name(guint8 type);
