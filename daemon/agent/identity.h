/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiIdentity: a private key with (usually) its certificate and the issuers above it.  An
 * immutable value, reference counted, thread-safe; a change makes a new one.
 */
#pragma once

#include <glib.h>

#include "daemon/policy/candidate.h"

/* Token labels; constant for ever, programs write them into their configuration. */
#define MEISHI_TOKEN_LABEL       "Meishi"
#define MEISHI_TOKEN_LABEL_EDDSA "Meishi (EdDSA)"

/* The token that a key lies on; immutable, reference counted, thread-safe.  One that is put in
 * again is another place with the same number. */
typedef struct {
    gint refs;
    guint number;        /* of the token (token-book.h), as long as the daemon runs */
    gboolean is_present; /* else it is remembered, and nothing on it can be used */
    MeishiTokenKind kind;
    char *label, *maker, *model, *serial; /* may be empty */
    char *reader;                         /* empty where it is not present */
    guint seat;        /* which of ours shows it; MEISHI_N_SEATS: none, it is not present */
    char *slot_label;  /* of that one: unlike those of others; at most 32 bytes */
    guint64 insertion; /* another one each time that it is put in; never 0 */
    gboolean hides_certificates; /* it shows none to who has not given the PIN */
} MeishiTokenPlace;

#define MEISHI_N_SEATS 16
#define MEISHI_N_STANDING_SEATS                                      \
    4 /* the first of them, which programs know before a token comes \
       */

/* Rows of identities on tokens begin here: no store has so many, and a handle has room for it. */
#define MEISHI_FIRST_TOKEN_ROW (G_GINT64_CONSTANT(1) << 21)

typedef struct {
    gint refs;
    gint64 cert_id; /* row in the store, or on tokens; 0 for a key without certificate */
    gint64 key_id;
    char *label;
    MeishiCert *cert;     /* NULL for a key without certificate */
    MeishiPublicKey *key; /* never NULL */
    GPtrArray *chain;     /* MeishiCert: issuers, leaf's first; may be empty */
    guint warnings;       /* MeishiWarning */
    gboolean allow_raw;
    gint64 created;
    char *uri;               /* PKCS#11 URI */
    const char *token_label; /* of the token that shows it */
    char *lineage;           /* what choices name; a renewal takes it over; never NULL */
    char *superseded_by;     /* id of the renewal that has taken its place; NULL */
    MeishiTokenPlace *place; /* whose key is used; NULL: the vault's */
    gboolean is_in_vault;    /* certificate and key are there, whatever @place is */
} MeishiIdentity;

MeishiTokenPlace *meishi_token_place_ref(MeishiTokenPlace *place);
void meishi_token_place_unref(MeishiTokenPlace *place); /* NULL is fine */

MeishiIdentity *meishi_identity_ref(MeishiIdentity *identity);
void meishi_identity_unref(MeishiIdentity *identity);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiIdentity, meishi_identity_unref)

/* Whether its key can be used, as far as one can tell: its token is there. */
gboolean meishi_identity_is_present(const MeishiIdentity *identity);

/* What names it for ever: SHA-256 of the certificate, or of the SPKI without one; hex, new. */
char *meishi_identity_id(const MeishiIdentity *identity);
