/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiRoster: what the rows of the store mean.  Turns them into identities with chain, warnings
 * and rank at a given hour; remembers what it parsed and which signatures it checked, so that a
 * rebuild after a small change costs little.  Knows no store and no clock.
 */
#pragma once

#include "daemon/agent/identity.h"
#include "daemon/store/store.h"

typedef struct MeishiRoster MeishiRoster;

MeishiRoster *meishi_roster_new(void);
void meishi_roster_free(MeishiRoster *roster); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiRoster, meishi_roster_free)

/* An identity whose key lies on a token, which may be away. */
typedef struct {
    gint64 row; /* MEISHI_FIRST_TOKEN_ROW and above */
    MeishiCert *cert;
    const char *name; /* what the token calls it; NULL */
    MeishiTokenPlace *place;
} MeishiRosterOnToken;

typedef struct {
    GPtrArray *keys;     /* MeishiStoreKey */
    GPtrArray *certs;    /* MeishiStoreCert */
    GPtrArray *issuers;  /* MeishiStoreIssuer */
    GPtrArray *lineages; /* MeishiStoreLineage */
    /* Of tokens; NULL: none. */
    GPtrArray *on_tokens;     /* MeishiRosterOnToken */
    GPtrArray *token_issuers; /* MeishiCert: other certificates on tokens */
} MeishiRosterRows;

/* The identities of @rows (new array of MeishiIdentity), best first at @now and those
 * that were renewed last.  A row that cannot be
 * read is left out and said in @findings (char *; may be NULL). */
GPtrArray *meishi_roster_build(MeishiRoster *roster, const MeishiRosterRows *rows, gint64 now,
                               GPtrArray *findings);

/* The issuer certificates of the last build (MeishiCert); borrowed. */
GPtrArray *meishi_roster_issuers(MeishiRoster *roster);

/* Checks signatures with a memory; fits MeishiChainVerify with a roster as user data. */
gboolean meishi_roster_verify(const MeishiCert *cert, const MeishiCert *issuer, gpointer roster);

/* The first second after @now at which a rank or a warning may change; G_MAXINT64: never. */
gint64 meishi_roster_next_change(GPtrArray *identities, gint64 now);

/* Whether everything that anybody can see of them is the same. */
gboolean meishi_roster_is_same(const MeishiIdentity *a, const MeishiIdentity *b);
