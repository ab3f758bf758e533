/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Issuers for an import.  Which certificates certify an identity is decided by signature, not by
 * which file they came in; how many of them there may be is bounded, since files are not ours.
 */
#include "daemon/agent/import-issuers.h"

#define MAX_ISSUERS 20 /* per identity, as in policy/chain.c */

gboolean
meishi_import_issuers_is_stored(const MeishiImportInput *input, const MeishiCert *cert)
{
    for (guint i = 0; i < input->issuers->len; i++) {
        if (meishi_import_contents_is_same(g_ptr_array_index(input->issuers, i), cert))
            return TRUE;
    }
    return FALSE;
}

/* Everything in the pool that, link by link, certifies @leaf: more than one chain where CAs are
 * cross-certified, since which one a server wants is not for the import to know. */
GPtrArray *
meishi_import_issuers_collect(const MeishiImportInput *input, GPtrArray *pool,
                              const MeishiCert *leaf)
{
    GPtrArray *issuers = g_ptr_array_new();
    const MeishiCert *cert = leaf;

    for (guint next = 0; cert != NULL; next++) {
        for (guint i = 0; !cert->is_self_signed && i < pool->len; i++) {
            MeishiCert *candidate = g_ptr_array_index(pool, i);

            if (issuers->len < MAX_ISSUERS && meishi_chain_is_link(cert, candidate) &&
                !meishi_import_contents_is_same(candidate, leaf) &&
                !g_ptr_array_find(issuers, candidate, NULL) &&
                input->verify(cert, candidate, input->verify_data))
                g_ptr_array_add(issuers, candidate);
        }
        cert = next < issuers->len ? g_ptr_array_index(issuers, next) : NULL;
    }
    return issuers;
}

static void
add(GPtrArray *pool, MeishiCert *cert)
{
    for (guint i = 0; cert != NULL && i < pool->len; i++) {
        if (meishi_import_contents_is_same(g_ptr_array_index(pool, i), cert))
            return;
    }
    if (cert != NULL)
        g_ptr_array_add(pool, cert);
}

GPtrArray *
meishi_import_issuers_pool(const MeishiImportInput *input, const MeishiImportContents *contents)
{
    GPtrArray *pool = g_ptr_array_new();

    for (guint i = 0; i < input->issuers->len; i++)
        add(pool, g_ptr_array_index(input->issuers, i));
    for (guint i = 0; i < contents->certs->len; i++) {
        const MeishiFoundCert *found = g_ptr_array_index(contents->certs, i);

        add(pool, found->bag->cert);
    }
    for (guint i = 0; i < input->identities->len; i++) {
        const MeishiIdentity *identity = g_ptr_array_index(input->identities, i);

        add(pool, identity->cert);
    }
    return pool;
}
