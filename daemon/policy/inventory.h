/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiInventory: all identities and all CA certificates that are known, with everything worked
 * out that does not depend on a request: who may have issued whom, what each key can sign.  Made
 * anew when an identity or a token comes or goes; immutable in between.
 */
#pragma once

#include <glib.h>

#include "daemon/policy/candidate.h"
#include "daemon/policy/chain.h"

#define MEISHI_INVENTORY_MAX_ANCESTORS 1000

/* A CA certificate as a node of the graph. */
typedef struct {
    const MeishiCert *cert;
    GArray *parents; /* guint: nodes that may have issued it; none for a root */
    guint entity;    /* equal for certificates of the same subject and key: cross certificates */
    MeishiSchemes signed_with;
} MeishiCaNode;

/* Candidates with the same issuer name and the same possible issuers have the same paths. */
typedef struct {
    const MeishiName *issuer; /* NULL where a candidate has no certificate */
    GArray *parents;          /* guint: nodes */
    GArray *ancestors;        /* guint: all nodes that can be reached */
} MeishiIssuerGroup;

typedef enum {
    MEISHI_EKU_CLIENT, /* in the order of preference */
    MEISHI_EKU_ABSENT,
    MEISHI_EKU_ANY,
    MEISHI_EKU_OTHER,
} MeishiEkuClass;

typedef struct {
    const MeishiCandidate *candidate;
    MeishiEkuClass eku;
    guint group;
    MeishiSchemes schemes_1_2; /* key and token together, by version */
    MeishiSchemes schemes_1_3;
    MeishiSchemes signed_with;
} MeishiInventoryEntry;

typedef struct {
    GPtrArray *candidates;  /* MeishiCandidate */
    GPtrArray *cas;         /* MeishiCert */
    GPtrArray *nodes;       /* MeishiCaNode */
    GPtrArray *groups;      /* MeishiIssuerGroup */
    GArray *entries;        /* MeishiInventoryEntry, one per candidate, same order */
    GHashTable *by_lineage; /* lineage: GArray of guint */
    GHashTable *by_id;      /* id: guint + 1 */
    guint n_entities;
} MeishiInventory;

/* Takes references to both arrays.  @verify (may be NULL) says whether a signature fits; without
 * it names and key identifiers decide alone. */
MeishiInventory *meishi_inventory_new(GPtrArray *candidates, GPtrArray *cas,
                                      MeishiChainVerify verify, gpointer user_data);
void meishi_inventory_free(MeishiInventory *inventory);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiInventory, meishi_inventory_free)

static inline const MeishiInventoryEntry *
meishi_inventory_entry(const MeishiInventory *inventory, guint index)
{
    return &g_array_index(inventory->entries, MeishiInventoryEntry, index);
}

/* The candidate of that id; FALSE for none. */
gboolean
meishi_inventory_find_id(const MeishiInventory *inventory, const char *id, guint *ret_index);

/* Indices of the candidates of @lineage (guint); NULL for none. */
GArray *meishi_inventory_find_lineage(const MeishiInventory *inventory, const char *lineage);
