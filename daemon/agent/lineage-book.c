/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Lineages of identities; see lineage-book.h.
 */
#include "daemon/agent/lineage-book.h"

#include "daemon/policy/engine.h"
#include "daemon/store/store.h"

#include <string.h>

static gint64
begin_of(const MeishiCert *cert)
{
    return cert->not_before - MEISHI_CLOCK_TOLERANCE;
}

/* The first second at which it counts as valid no longer. */
static gint64
end_of(const MeishiCert *cert)
{
    if (cert->not_after > G_MAXINT64 - MEISHI_CLOCK_TOLERANCE - 1)
        return G_MAXINT64;
    return cert->not_after + MEISHI_CLOCK_TOLERANCE + 1;
}

int
meishi_lineage_book_compare(const MeishiCert *a, const MeishiCert *b)
{
    if (a->not_before != b->not_before)
        return a->not_before < b->not_before ? -1 : 1;
    if (a->not_after != b->not_after)
        return a->not_after < b->not_after ? -1 : 1;
    return memcmp(a->sha256, b->sha256, sizeof a->sha256);
}

/* cert_id -> lineage; borrowed. */
static GHashTable *
index_rows(GPtrArray *rows)
{
    GHashTable *index = g_hash_table_new(g_int64_hash, g_int64_equal);

    for (guint i = 0; i < rows->len; i++) {
        MeishiStoreLineage *row = g_ptr_array_index(rows, i);

        g_hash_table_insert(index, &row->cert_id, row->lineage);
    }
    return index;
}

/* Without a row it is the first of its own. */
static void
name_lineages(GPtrArray *identities, GPtrArray *rows)
{
    g_autoptr(GHashTable) index = index_rows(rows);

    for (guint i = 0; i < identities->len; i++) {
        MeishiIdentity *identity = g_ptr_array_index(identities, i);
        const char *stored = g_hash_table_lookup(index, &identity->cert_id);

        identity->lineage = stored != NULL ? g_strdup(stored) : meishi_identity_id(identity);
    }
}

/* Is @a rather than @b the one that stands for their lineage?  A valid one, else one that is past,
 * else one that is still to come; the latest of them. */
static gboolean
stands_before(const MeishiCert *a, const MeishiCert *b, gint64 now)
{
    gboolean has_begun_a = begin_of(a) <= now;
    gboolean has_begun_b = begin_of(b) <= now;
    gboolean is_valid_a = has_begun_a && now < end_of(a);
    gboolean is_valid_b = has_begun_b && now < end_of(b);

    if (is_valid_a != is_valid_b)
        return is_valid_a;
    if (has_begun_a != has_begun_b)
        return has_begun_a;
    return meishi_lineage_book_compare(a, b) > 0;
}

/* lineage -> MeishiIdentity that stands for it; borrowed. */
static GHashTable *
find_heads(GPtrArray *identities, gint64 now)
{
    GHashTable *heads = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < identities->len; i++) {
        MeishiIdentity *identity = g_ptr_array_index(identities, i);
        const MeishiIdentity *head = g_hash_table_lookup(heads, identity->lineage);

        if (identity->cert != NULL &&
            (head == NULL || stands_before(identity->cert, head->cert, now)))
            g_hash_table_replace(heads, identity->lineage, identity);
    }
    return heads;
}

void
meishi_lineage_book_mark(GPtrArray *identities, GPtrArray *rows, gint64 now)
{
    g_autoptr(GHashTable) heads = NULL;

    name_lineages(identities, rows);
    heads = find_heads(identities, now);
    for (guint i = 0; i < identities->len; i++) {
        MeishiIdentity *identity = g_ptr_array_index(identities, i);
        const MeishiIdentity *head = g_hash_table_lookup(heads, identity->lineage);

        if (identity->cert != NULL && meishi_lineage_book_compare(identity->cert, head->cert) < 0)
            identity->superseded_by = meishi_identity_id(head);
    }
}

/* lineage -> how many have it */
static GHashTable *
count_members(GPtrArray *identities)
{
    GHashTable *counts = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < identities->len; i++) {
        const MeishiIdentity *identity = g_ptr_array_index(identities, i);
        guint n = GPOINTER_TO_UINT(g_hash_table_lookup(counts, identity->lineage));

        g_hash_table_insert(counts, identity->lineage, GUINT_TO_POINTER(n + 1));
    }
    return counts;
}

gint64
meishi_lineage_book_next_change(GPtrArray *identities, gint64 now)
{
    g_autoptr(GHashTable) counts = count_members(identities);
    gint64 next = G_MAXINT64;

    for (guint i = 0; i < identities->len; i++) {
        const MeishiIdentity *identity = g_ptr_array_index(identities, i);

        if (identity->cert == NULL ||
            GPOINTER_TO_UINT(g_hash_table_lookup(counts, identity->lineage)) < 2)
            continue;
        if (begin_of(identity->cert) > now)
            next = MIN(next, begin_of(identity->cert));
        if (end_of(identity->cert) > now)
            next = MIN(next, end_of(identity->cert));
    }
    return next;
}
