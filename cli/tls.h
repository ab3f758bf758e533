/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One TLS connection to a server, with or without a client certificate, and what came of it.
 */
#pragma once

#include "cli/certificate-request.h"
#include "cli/target.h"

#define MEISHI_TLS_TIMEOUT_MS 10000

typedef struct {
    const MeishiTarget *target;
    guint16 version;  /* MEISHI_TLS_1_2 or MEISHI_TLS_1_3; 0: the better one that the server has */
    guint timeout_ms; /* for everything together, a person at the key aside */
    const char *ca_file;    /* PEM, trusted beside the system's authorities; NULL */
    gboolean require_trust; /* break off where the server's certificate is not trusted */
    /* What to send; without @chain, nothing. */
    GPtrArray *chain;    /* GBytes, DER, leaf first; NULL */
    const char *key_uri; /* PKCS#11 URI of the private key */
    const char *module;  /* the PKCS#11 module that has it */
} MeishiTlsCall;

typedef enum {
    MEISHI_TLS_ACCEPTED,    /* the server went on: its first byte was read */
    MEISHI_TLS_SILENT,      /* the handshake is done; the server said neither yes nor no */
    MEISHI_TLS_ALERT,       /* it broke off with an alert */
    MEISHI_TLS_CLOSED,      /* it broke off without one */
    MEISHI_TLS_SIGN_FAILED, /* the key did not sign */
    MEISHI_TLS_NO_VERSION,  /* it does not speak this version, or no TLS at all */
    MEISHI_TLS_UNTRUSTED,   /* we broke off, before anything of ours was sent */
} MeishiTlsOutcome;

/* When a server asks: in the first handshake, or after it has seen what is requested. */
typedef enum {
    MEISHI_TLS_PHASE_INITIAL,
    MEISHI_TLS_PHASE_RENEGOTIATION,  /* TLS 1.2 */
    MEISHI_TLS_PHASE_POST_HANDSHAKE, /* TLS 1.3 */
} MeishiTlsPhase;

typedef struct {
    MeishiTlsOutcome outcome;
    guint8 alert;  /* of MEISHI_TLS_ALERT */
    char *message; /* a sentence about an outcome that is not ACCEPTED; NULL */
    guint16 version;
    char *cipher; /* "AES-256-GCM"; NULL before there was one */
    char *alpn;   /* NULL */
    /* The server. */
    GBytes *server_cert; /* leaf, DER; NULL */
    gboolean is_trusted;
    char *trust_text;  /* why not; NULL */
    guint http_status; /* 0: none */
    /* What it asked for. */
    MeishiCertificateRequest *request; /* NULL: nothing */
    MeishiTlsPhase phase;
    gboolean has_sent; /* a certificate was sent */
} MeishiTlsReport;

/* Connects, shakes hands, says hello in the target's protocol (a HEAD for the path of a web server)
 * and reads the answer: in TLS 1.3 a refusal of the certificate arrives only then (RFC 9846
 * "Certificate-Based Client Authentication").  Blocks.  NULL and MEISHI_CLI_ERROR_FAILED where
 * there was nobody to shake hands with, or what came was malformed. */
MeishiTlsReport *
meishi_tls_run(const MeishiTlsCall *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void meishi_tls_report_free(MeishiTlsReport *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiTlsReport, meishi_tls_report_free)
