/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiRequest: who asks for a certificate, for which server, and what that server's
 * CertificateRequest said.  A plain value that the door fills in; names and filters arrive parsed,
 * because daemon/crypto reads the DER.
 */
#pragma once

#include <glib.h>

#include "daemon/policy/host.h"
#include "daemon/policy/name.h"

/* Our own bounds on what a server may say. */
#define MEISHI_REQUEST_MAX_CA_NAMES 4096
#define MEISHI_REQUEST_MAX_CA_BYTES (256 * 1024)
#define MEISHI_REQUEST_MAX_SIGALGS  256
#define MEISHI_REQUEST_MAX_FILTERS  64

/* How far the caller's identity can be trusted. */
typedef enum {
    MEISHI_TRUST_ANY,
    MEISHI_TRUST_EXE,
    MEISHI_TRUST_UNIT,
    MEISHI_TRUST_SANDBOX,
} MeishiTrust;

typedef enum {
    MEISHI_PURPOSE_NAVIGATION,
    MEISHI_PURPOSE_SUBRESOURCE,
    MEISHI_PURPOSE_PREFLIGHT,
    MEISHI_PURPOSE_PRECONNECT,
    MEISHI_PURPOSE_BACKGROUND,
    MEISHI_PURPOSE_API,
} MeishiPurpose;

typedef enum {
    MEISHI_VERIFIED_OK,
    MEISHI_VERIFIED_OVERRIDDEN, /* a person said to go on */
    MEISHI_VERIFIED_NOT_YET,    /* nothing may be asked */
    MEISHI_VERIFIED_FAILED,
} MeishiVerified;

/* One entry of the oid_filters extension (RFC 9846 "OID Filters", 8446 4.2.5). */
typedef struct {
    char *oid;
    gboolean known;  /* one that we match: keyUsage or extKeyUsage, and its values were readable */
    guint key_usage; /* MeishiKeyUsage bits asked for */
    char **ekus;     /* dotted OIDs asked for; NULL */
} MeishiOidFilter;

typedef struct {
    /* The target. */
    char *protocol; /* "https", "imap", "eap-tls" ... */
    MeishiHost host;
    guint port;
    char **shared_hosts; /* other names on the same connection; NULL or empty: none */

    /* The caller, as the kernel told. */
    char *application; /* the best of its names, "flatpak:org.gnome.Epiphany"; NULL: unknown */
    char **application_names; /* all: "exe:/usr/bin/curl", "unit:...", "flatpak:..." */
    MeishiTrust trust;
    char *context; /* the caller's own: profile, container; NULL or "" */

    /* Circumstances. */
    MeishiPurpose purpose;
    MeishiVerified server_verified;
    gboolean user_activation;
    gboolean interactive;

    /* The handshake. */
    guint16 tls_version;       /* 0: unknown */
    gboolean raw_public_key;   /* RFC 7250: something else than X.509 was negotiated */
    GPtrArray *ca_names;       /* MeishiName; NULL or empty: the server named none */
    GBytes *certificate_types; /* TLS 1.2, server's order; NULL: unknown */
    GArray *sigalgs;           /* guint16, server's order; NULL: unknown, which is not "none" */
    GArray *sigalgs_cert;      /* guint16; NULL: not sent, so that sigalgs counts for both */
    GPtrArray *oid_filters;    /* MeishiOidFilter; NULL or empty: none */
} MeishiRequest;

/* What MeishiTrust and MeishiPurpose are called wherever they are written: by number, NULL at the
 * end. */
extern const char *const meishi_request_trust_names[];
extern const char *const meishi_request_purpose_names[];
extern const char *const meishi_request_verified_names[];

/* Everything empty; interactive, purpose navigation, server verified. */
MeishiRequest *meishi_request_new(void);
/* Shares with @request what the server said, which nobody changes. */
MeishiRequest *meishi_request_copy(const MeishiRequest *request);
void meishi_request_free(MeishiRequest *request);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiRequest, meishi_request_free)

MeishiOidFilter *meishi_oid_filter_new(const char *oid);
void meishi_oid_filter_free(MeishiOidFilter *filter);

/* Step 0 of the pipeline: are all members within bounds?  INVALID_ARGUMENT. */
gboolean
meishi_request_check(const MeishiRequest *request, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Protocols that share one memory: "web" for https and wss, "mail" for imap, pop and smtp, else
 * the protocol itself.  Static or the request's own. */
const char *meishi_request_protocol_class(const MeishiRequest *request);

/* SHA-256 of what the server asked for (CA names, types, schemes, filters), each list sorted,
 * because servers behind one name list them in different orders. */
void meishi_request_digest(const MeishiRequest *request, guint8 ret_digest[static 32]);

gboolean meishi_request_is_private(const MeishiRequest *request); /* context "private:..." */
