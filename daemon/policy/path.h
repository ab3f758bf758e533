/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From a leaf to an authority that the server named (steps 11 and 12 of the pipeline), and the
 * chain to send.  A search over the whole graph: cross certificates and several chains are
 * followed, loops are cut, depth and work are bounded.
 *
 * RFC 9846 "Certificate Authorities" and "Certificate Selection", 8446 4.2.4, 5246 7.4.4: some
 * certificate of the chain SHOULD be issued by one of the names.
 */
#pragma once

#include <glib.h>

#include "daemon/policy/inventory.h"
#include "daemon/policy/request.h"

#define MEISHI_PATH_MAX_DEPTH 20
#define MEISHI_PATH_MAX_STEPS 1000

/* In the order of preference. */
typedef enum {
    MEISHI_CA_MISMATCH, /* names were given and none is in any chain */
    MEISHI_CA_ANY,      /* the server named none: all are acceptable */
    MEISHI_CA_CHAIN,    /* a certificate above the leaf is issued by a name */
    MEISHI_CA_LEAF,     /* the leaf itself is */
} MeishiCaMatch;

typedef struct {
    MeishiCaMatch match;
    gboolean is_normalised;   /* the names were not equal in bytes */
    const MeishiName *named;  /* the server's name that was found; NULL */
    gboolean is_signed_right; /* each CA certificate in it is signed as the server accepts */
    gboolean is_valid_now;    /* each CA certificate in it is valid */
    gboolean is_complete;     /* it ends below a root that we hold */
    gboolean is_cut;          /* the search gave up; there may be a better one */
    guint n_nodes;            /* CA certificates to send, the leaf's issuer first, no root */
    guint nodes[MEISHI_PATH_MAX_DEPTH];
} MeishiPath;

typedef struct MeishiPathFinder MeishiPathFinder;

/* For one request; both arguments must outlive it. */
MeishiPathFinder *
meishi_path_finder_new(const MeishiInventory *inventory, const MeishiRequest *request, gint64 now);
void meishi_path_finder_free(MeishiPathFinder *finder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiPathFinder, meishi_path_finder_free)

/* The best path of candidate @index; owned by @finder, shared by all of the same issuer. */
const MeishiPath *meishi_path_find(MeishiPathFinder *finder, guint index);

/* Are all signatures to be sent, the leaf's own included, such as the server accepts?  TRUE where
 * the server did not say. */
gboolean meishi_path_is_signed_right(MeishiPathFinder *finder, guint index);

/* The chain to send (references to MeishiCert): leaf first, each certifying the one before, no
 * root (RFC 9846 "Certificate": the trust anchor MAY be omitted). */
GPtrArray *meishi_path_chain(const MeishiInventory *inventory, guint index, const MeishiPath *path);
