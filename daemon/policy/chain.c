/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From a leaf to its issuers, one link at a time.  This is no path validation: a server validates,
 * we only hand it the certificates it will want (RFC 8446 4.4.2).  The result never holds a
 * certificate twice, so that no arrangement of names can make the walk endless.
 */
#include "daemon/policy/chain.h"

#include <string.h>

#define MAX_ISSUERS 20

typedef struct {
    GPtrArray *pool;
    GPtrArray *chain;
    const MeishiCert *leaf;
    gint64 now;
    MeishiChainVerify verify;
    gpointer user_data;
} Walk;

static gboolean
is_same_cert(const MeishiCert *a, const MeishiCert *b)
{
    return memcmp(a->sha256, b->sha256, sizeof a->sha256) == 0;
}

static gboolean
is_used(const Walk *walk, const MeishiCert *cert)
{
    if (is_same_cert(walk->leaf, cert))
        return TRUE;
    for (guint i = 0; i < walk->chain->len; i++) {
        if (is_same_cert(g_ptr_array_index(walk->chain, i), cert))
            return TRUE;
    }
    return FALSE;
}

/* RFC 5280 6.1.3 (a)(4) and 4.2.1.1: names chain; key identifiers, where both are there, agree. */
gboolean
meishi_chain_is_link(const MeishiCert *cert, const MeishiCert *issuer)
{
    if (cert->issuer == NULL || issuer->subject == NULL ||
        !g_bytes_equal(cert->issuer, issuer->subject))
        return FALSE;
    return cert->authority_key_id == NULL || issuer->subject_key_id == NULL ||
           g_bytes_equal(cert->authority_key_id, issuer->subject_key_id);
}

static gboolean
is_valid(const MeishiCert *cert, gint64 now)
{
    return !meishi_cert_is_expired(cert, now) && !meishi_cert_is_not_yet_valid(cert, now);
}

/* Cross-certified and renewed CAs leave several certificates for one name and key: the one that is
 * valid now, then the youngest, then the hash, so that the answer is the same every time. */
static gboolean
is_better(const Walk *walk, const MeishiCert *a, const MeishiCert *b)
{
    gboolean valid_a = is_valid(a, walk->now), valid_b = is_valid(b, walk->now);

    if (valid_a != valid_b)
        return valid_a;
    if (a->not_before != b->not_before)
        return a->not_before > b->not_before;
    if (a->not_after != b->not_after)
        return a->not_after > b->not_after;
    return memcmp(a->sha256, b->sha256, sizeof a->sha256) < 0;
}

static MeishiCert *
find_issuer(const Walk *walk, const MeishiCert *cert)
{
    MeishiCert *best = NULL;

    for (guint i = 0; i < walk->pool->len; i++) {
        MeishiCert *candidate = g_ptr_array_index(walk->pool, i);

        if (!meishi_chain_is_link(cert, candidate) || is_used(walk, candidate))
            continue;
        if (best != NULL && !is_better(walk, candidate, best))
            continue;
        if (walk->verify == NULL || walk->verify(cert, candidate, walk->user_data))
            best = candidate;
    }
    return best;
}

GPtrArray *
meishi_chain_build(MeishiCert *leaf, GPtrArray *pool, gint64 now, MeishiChainVerify verify,
                   gpointer user_data)
{
    GPtrArray *chain = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_cert_unref);
    const Walk walk = {pool, chain, leaf, now, verify, user_data};
    MeishiCert *cert = leaf;

    while (!cert->is_self_signed && chain->len < MAX_ISSUERS) {
        cert = find_issuer(&walk, cert);
        if (cert == NULL)
            break;
        g_ptr_array_add(chain, meishi_cert_ref(cert));
    }
    return chain;
}
