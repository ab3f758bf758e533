/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Path search; see path.h.  Depth first over simple paths; every path that can grow no further is
 * compared with the best so far.  The result belongs to the issuer group and is kept for the
 * request, so that ten thousand leaves of one issuer cost one search.
 */
#include "daemon/policy/path.h"

#include <string.h>

struct MeishiPathFinder {
    const MeishiInventory *inventory;
    GHashTable *by_der;       /* GBytes: MeishiName */
    GHashTable *by_canonical; /* char *: MeishiName */
    gboolean names_given;
    gboolean signatures_known;
    MeishiSchemes accepted; /* for signatures on certificates */
    gint64 now;
    MeishiPath **found; /* one per issuer group */
};

/* One search. */
typedef struct {
    MeishiPathFinder *finder;
    MeishiPath current; /* match and named of the path so far */
    gboolean has_best;
    MeishiPath best;
    guint steps;
    gboolean is_cut;
} Search;

MeishiPathFinder *
meishi_path_finder_new(const MeishiInventory *inventory, const MeishiRequest *request, gint64 now)
{
    MeishiPathFinder *finder = g_new0(MeishiPathFinder, 1);
    GArray *codes = request->sigalgs_cert ? request->sigalgs_cert : request->sigalgs;

    finder->inventory = inventory;
    finder->now = now;
    finder->signatures_known = codes != NULL;
    finder->accepted = meishi_sigalg_from_list(codes);
    finder->names_given = request->ca_names && request->ca_names->len > 0;
    finder->by_der = g_hash_table_new(g_bytes_hash, g_bytes_equal);
    finder->by_canonical = g_hash_table_new(g_str_hash, g_str_equal);
    finder->found = g_new0(MeishiPath *, inventory->groups->len + 1);
    for (guint i = 0; finder->names_given && i < request->ca_names->len; i++) {
        MeishiName *name = g_ptr_array_index(request->ca_names, i);

        if (name->der)
            g_hash_table_insert(finder->by_der, name->der, name);
        g_hash_table_insert(finder->by_canonical, name->canonical, name);
    }
    return finder;
}

void
meishi_path_finder_free(MeishiPathFinder *finder)
{
    if (finder == NULL)
        return;
    for (guint i = 0; i < finder->inventory->groups->len; i++)
        g_free(finder->found[i]);
    g_free(finder->found);
    g_hash_table_unref(finder->by_der);
    g_hash_table_unref(finder->by_canonical);
    g_free(finder);
}

/* RFC 5280 section 8: binary comparison is the minimum; 7.1 says how to compare beyond it. */
static const MeishiName *
find_name(const MeishiPathFinder *finder, const MeishiName *name, gboolean *ret_normalised)
{
    const MeishiName *found = NULL;

    if (name == NULL)
        return NULL;
    if (name->der)
        found = g_hash_table_lookup(finder->by_der, name->der);
    *ret_normalised = found == NULL;
    return found ? found : g_hash_table_lookup(finder->by_canonical, name->canonical);
}

/* Notes in @path that @issuer issued one of its certificates. */
static void
note_issuer(const MeishiPathFinder *finder, MeishiPath *path, const MeishiName *issuer,
            MeishiCaMatch match)
{
    const MeishiName *named;
    gboolean is_normalised;

    if (path->match != MEISHI_CA_MISMATCH)
        return;
    named = find_name(finder, issuer, &is_normalised);
    if (named == NULL)
        return;
    path->match = match;
    path->named = named;
    path->is_normalised = is_normalised;
}

static const MeishiCaNode *
node_at(const MeishiPathFinder *finder, guint index)
{
    return g_ptr_array_index(finder->inventory->nodes, index);
}

/* Named and rightly signed before named alone; then what makes success likelier. */
static gboolean
is_better(const MeishiPath *a, const MeishiPath *b)
{
    gboolean named_a = a->match != MEISHI_CA_MISMATCH, named_b = b->match != MEISHI_CA_MISMATCH;

    if (named_a != named_b)
        return named_a;
    if (a->is_signed_right != b->is_signed_right)
        return a->is_signed_right;
    if (a->is_valid_now != b->is_valid_now)
        return a->is_valid_now;
    if (a->is_complete != b->is_complete)
        return a->is_complete;
    return a->n_nodes < b->n_nodes;
}

static void
end_path(Search *search, gboolean is_complete)
{
    search->current.is_complete = is_complete;
    if (!search->has_best || is_better(&search->current, &search->best))
        search->best = search->current;
    search->has_best = TRUE;
}

static gboolean
is_on_path(const Search *search, const MeishiCaNode *node)
{
    for (guint i = 0; i < search->current.n_nodes; i++) {
        if (node_at(search->finder, search->current.nodes[i])->entity == node->entity)
            return TRUE;
    }
    return FALSE;
}

static gboolean
is_valid(const MeishiCert *cert, gint64 now)
{
    return cert->not_before <= now && now <= cert->not_after;
}

static void grow(Search *search, GArray *parents);

/* Puts @index on top of the path, goes on from there, and takes it away again.  A root is not
 * sent and its signature on itself is not looked at. */
static void
grow_by(Search *search, guint index)
{
    const MeishiPathFinder *finder = search->finder;
    const MeishiCaNode *node = node_at(finder, index);
    MeishiPath before = search->current;
    MeishiPath *path = &search->current;

    path->is_valid_now &= is_valid(node->cert, finder->now);
    if (node->cert->is_self_signed) {
        end_path(search, TRUE);
    } else {
        path->nodes[path->n_nodes++] = index;
        path->is_signed_right &=
            !finder->signatures_known || (node->signed_with & finder->accepted) != 0;
        note_issuer(finder, path, node->cert->issuer_name, MEISHI_CA_CHAIN);
        grow(search, node->parents);
    }
    search->current = before;
}

static void
grow(Search *search, GArray *parents)
{
    gboolean has_grown = FALSE;

    for (guint i = 0; i < parents->len; i++) {
        guint index = g_array_index(parents, guint, i);

        if (is_on_path(search, node_at(search->finder, index)))
            continue;
        if (search->current.n_nodes == MEISHI_PATH_MAX_DEPTH ||
            search->steps >= MEISHI_PATH_MAX_STEPS) {
            search->is_cut = TRUE;
            break;
        }
        search->steps++;
        has_grown = TRUE;
        grow_by(search, index);
    }
    if (!has_grown)
        end_path(search, FALSE);
}

static MeishiPath *
search_group(MeishiPathFinder *finder, const MeishiIssuerGroup *group)
{
    Search search = {.finder = finder};

    search.current.match = finder->names_given ? MEISHI_CA_MISMATCH : MEISHI_CA_ANY;
    search.current.is_signed_right = TRUE;
    search.current.is_valid_now = TRUE;
    /* Of a self-signed leaf this is its own subject. */
    note_issuer(finder, &search.current, group->issuer, MEISHI_CA_LEAF);
    grow(&search, group->parents);
    search.best.is_cut = search.is_cut;
    return g_memdup2(&search.best, sizeof(search.best));
}

const MeishiPath *
meishi_path_find(MeishiPathFinder *finder, guint index)
{
    guint group = meishi_inventory_entry(finder->inventory, index)->group;

    if (finder->found[group] == NULL)
        finder->found[group] =
            search_group(finder, g_ptr_array_index(finder->inventory->groups, group));
    return finder->found[group];
}

gboolean
meishi_path_is_signed_right(MeishiPathFinder *finder, guint index)
{
    const MeishiInventoryEntry *entry = meishi_inventory_entry(finder->inventory, index);
    const MeishiCert *leaf = entry->candidate->cert;

    if (!finder->signatures_known)
        return TRUE;
    if (leaf && !leaf->is_self_signed && (entry->signed_with & finder->accepted) == 0)
        return FALSE;
    return meishi_path_find(finder, index)->is_signed_right;
}

GPtrArray *
meishi_path_chain(const MeishiInventory *inventory, guint index, const MeishiPath *path)
{
    GPtrArray *chain = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_cert_unref);
    const MeishiCandidate *candidate = meishi_inventory_entry(inventory, index)->candidate;

    if (candidate->cert)
        g_ptr_array_add(chain, meishi_cert_ref(candidate->cert));
    for (guint i = 0; path && i < path->n_nodes; i++)
        g_ptr_array_add(chain, meishi_cert_ref(g_ptr_array_index(inventory->cas, path->nodes[i])));
    return chain;
}
