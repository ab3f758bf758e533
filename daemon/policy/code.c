/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The table of reason codes; see code.h.
 */
#include "daemon/policy/code.h"

#define CODE(c, step, kind, text, clause) \
    [MEISHI_CODE_##c] = {#c, step, MEISHI_KIND_##kind, text, clause}

static const MeishiCodeInfo codes[] = {
    CODE(OK, 0, OK, "fits", NULL),
    CODE(INVALID, 0, ERROR, "the request is malformed", "RFC 5280 7.2"),
    CODE(NOT_AUTHORIZED, 1, ERROR, "the caller may not ask", NULL),
    CODE(RATE_LIMITED, 1, ERROR, "the caller asks too often", NULL),
    CODE(ANONYMOUS, 2, FINAL, "the request is to be sent without credentials", "Fetch"),
    CODE(PRECONNECT, 2, FINAL, "nobody has asked for anything yet", NULL),
    CODE(SHARED, 2, FINAL, "other hosts share the connection", NULL),
    CODE(UNVERIFIED, 2, FINAL, "the server is not verified", NULL),
    CODE(POLICY_NONE, 3, FINAL, "policy says to send none", "RFC 9846 Certificate Selection"),
    CODE(NEEDS_USER, 18, FINAL, "a person would have to choose", NULL),
    CODE(NO_CANDIDATE, 18, FINAL, "no identity fits", "RFC 5246 7.4.6"),
    CODE(OPTIONAL, 18, FINAL, "the server accepts any authority and nobody asked for it", NULL),
    CODE(NO_KEY, 4, HARD, "the private key is not here", "RFC 9846 Certificate Verify"),
    CODE(HIDDEN, 4, HARD, "hidden by its owner", NULL),
    CODE(DUPLICATE, 4, HARD, "listed already from a better place", NULL),
    CODE(SUPERSEDED, 4, SOFT, "superseded by a renewed certificate", NULL),
    CODE(TOKEN_ABSENT, 4, SOFT, "its card or token is not inserted", NULL),
    CODE(NOT_X509, 5, HARD, "not of the certificate type that was negotiated",
         "RFC 9846 Certificate Selection"),
    CODE(OLD_VERSION, 5, INFO, "X.509 version 1 or 2", "RFC 5246 7.4.6"),
    CODE(KEY_TYPE, 6, HARD, "key of a type that the server does not take", "RFC 5246 7.4.4, 7.4.6"),
    CODE(SIGALG, 7, HARD, "key and token can make no signature that the server accepts",
         "RFC 9846 Signature Algorithms"),
    CODE(KU, 8, HARD, "key usage lacks digitalSignature",
         "RFC 5280 4.2.1.3, RFC 9846 Certificate Selection"),
    CODE(EKU, 9, SOFT, "extended key usage lacks clientAuth", "RFC 5280 4.2.1.12"),
    CODE(OID_FILTER, 10, HARD, "lacks what the server's filter asks for", "RFC 9846 OID Filters"),
    CODE(CA_MISMATCH, 11, SOFT, "issuer not among the names that the server asked for",
         "RFC 9846 Certificate Authorities"),
    CODE(CHAIN_SIGALG, 12, SOFT, "its chain is signed in a way that the server does not accept",
         "RFC 9846 Signature Algorithms"),
    CODE(NOT_YET_VALID, 13, SOFT, "not valid yet", "RFC 5280 6.1.3 (a)(2)"),
    CODE(EXPIRED, 13, SOFT, "expired", "RFC 5280 6.1.3 (a)(2)"),
    CODE(IS_CA, 14, INFO, "a CA certificate", "RFC 5280 4.2.1.9"),
    CODE(POLICY_RESTRICT, 15, HARD, "policy keeps it from this place", NULL),
    CODE(POLICY_KEY, 15, HARD, "policy does not allow a key of this kind here", NULL),
    CODE(APP_NOT_GRANTED, 15, HARD, "policy keeps it from this program", NULL),
    CODE(REFUSED_BEFORE, 16, SOFT, "refused by this server before", NULL),
    CODE(TLS12_CLEAR, 17, FINAL, "before TLS 1.3 the certificate travels in clear",
         "RFC 9846 Introduction"),
};

G_STATIC_ASSERT(G_N_ELEMENTS(codes) == MEISHI_N_CODES);
G_STATIC_ASSERT(MEISHI_N_CODES <= 64);

const MeishiCodeInfo *
meishi_code_info(MeishiCode code)
{
    return &codes[code < MEISHI_N_CODES ? code : MEISHI_CODE_INVALID];
}

const char *
meishi_code_kind_name(MeishiKind kind)
{
    static const char *const names[] = {"ok", "info", "soft", "hard", "final", "error"};

    return kind < G_N_ELEMENTS(names) ? names[kind] : "unknown";
}
