/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The inventory; see inventory.h.  Cost is paid here once, so that a request over ten thousand
 * identities is a walk over integers.
 */
#include "daemon/policy/inventory.h"

#include <string.h>

typedef struct {
    MeishiInventory *inventory;
    GHashTable *by_subject; /* canonical subject: GArray of nodes */
    GHashTable *group_of;   /* GBytes: group + 1 */
    MeishiChainVerify verify;
    gpointer user_data;
} Build;

static void
free_node(gpointer data)
{
    MeishiCaNode *node = data;

    g_array_unref(node->parents);
    g_free(node);
}

static void
free_group(gpointer data)
{
    MeishiIssuerGroup *group = data;

    g_array_unref(group->parents);
    g_array_unref(group->ancestors);
    g_free(group);
}

static void
append_to(GHashTable *lists, gpointer key, guint value)
{
    GArray *list = g_hash_table_lookup(lists, key);

    if (list == NULL) {
        list = g_array_new(FALSE, FALSE, sizeof(guint));
        g_hash_table_insert(lists, key, list);
    }
    g_array_append_val(list, value);
}

/* RFC 5280 4.2.1.1: two CAs of one name are told apart by the key identifier, where both say. */
static gboolean
key_ids_allow(const MeishiCert *cert, const MeishiCert *issuer)
{
    if (cert->authority_key_id == NULL || issuer->subject_key_id == NULL)
        return TRUE;
    return g_bytes_equal(cert->authority_key_id, issuer->subject_key_id);
}

/* The nodes that may have issued @cert; none for a self-signed one. */
static GArray *
find_parents(const Build *build, const MeishiCert *cert)
{
    GArray *parents = g_array_new(FALSE, FALSE, sizeof(guint));
    GArray *named;

    if (cert->is_self_signed || cert->issuer_name == NULL)
        return parents;
    named = g_hash_table_lookup(build->by_subject, cert->issuer_name->canonical);
    for (guint i = 0; named && i < named->len; i++) {
        guint index = g_array_index(named, guint, i);
        const MeishiCaNode *node = g_ptr_array_index(build->inventory->nodes, index);

        if (node->cert != cert && key_ids_allow(cert, node->cert) &&
            (build->verify == NULL || build->verify(cert, node->cert, build->user_data)))
            g_array_append_val(parents, index);
    }
    return parents;
}

/* The same subject and the same key are one authority, whoever certified it. */
static guint
entity_of(GHashTable *entities, const MeishiCert *cert)
{
    GByteArray *key = g_byte_array_new();
    g_autoptr(GBytes) bytes = NULL;
    guint entity;

    if (cert->key)
        g_byte_array_append(key, cert->key->spki_sha256, MEISHI_SHA256_LEN);
    if (cert->subject_name)
        g_byte_array_append(key, (const guint8 *)cert->subject_name->canonical,
                            (guint)strlen(cert->subject_name->canonical));
    bytes = g_byte_array_free_to_bytes(key);
    entity = GPOINTER_TO_UINT(g_hash_table_lookup(entities, bytes));
    if (entity == 0) {
        entity = g_hash_table_size(entities) + 1;
        g_hash_table_insert(entities, g_bytes_ref(bytes), GUINT_TO_POINTER(entity));
    }
    return entity - 1;
}

static void
add_nodes(Build *build)
{
    MeishiInventory *inventory = build->inventory;
    g_autoptr(GHashTable) entities =
        g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);

    for (guint i = 0; i < inventory->cas->len; i++) {
        MeishiCaNode *node = g_new0(MeishiCaNode, 1);

        node->cert = g_ptr_array_index(inventory->cas, i);
        node->entity = entity_of(entities, node->cert);
        node->signed_with = meishi_sigalg_for_certificate(node->cert->signature_algorithm);
        g_ptr_array_add(inventory->nodes, node);
        if (node->cert->subject_name)
            append_to(build->by_subject, node->cert->subject_name->canonical, i);
    }
    inventory->n_entities = g_hash_table_size(entities);
    for (guint i = 0; i < inventory->nodes->len; i++) {
        MeishiCaNode *node = g_ptr_array_index(inventory->nodes, i);

        node->parents = find_parents(build, node->cert);
    }
}

/* Everything above @parents, breadth first, each node once. */
static GArray *
find_ancestors(const MeishiInventory *inventory, GArray *parents)
{
    GArray *found = g_array_new(FALSE, FALSE, sizeof(guint));
    g_autofree guint8 *seen = g_new0(guint8, inventory->nodes->len + 1);
    GArray *next = parents;

    for (guint done = 0;; done++) {
        for (guint i = 0; i < next->len && found->len < MEISHI_INVENTORY_MAX_ANCESTORS; i++) {
            guint node = g_array_index(next, guint, i);

            if (!seen[node])
                g_array_append_val(found, node);
            seen[node] = 1;
        }
        if (done >= found->len)
            return found;
        next =
            ((MeishiCaNode *)g_ptr_array_index(inventory->nodes, g_array_index(found, guint, done)))
                ->parents;
    }
}

static GBytes *
group_key(const MeishiName *issuer, GArray *parents)
{
    GByteArray *key = g_byte_array_new();

    g_byte_array_append(key, (const guint8 *)&parents->len, sizeof(parents->len));
    g_byte_array_append(key, (const guint8 *)parents->data, parents->len * (guint)sizeof(guint));
    if (issuer && issuer->der)
        g_byte_array_append(key, g_bytes_get_data(issuer->der, NULL),
                            (guint)g_bytes_get_size(issuer->der));
    else if (issuer)
        g_byte_array_append(key, (const guint8 *)issuer->canonical,
                            (guint)strlen(issuer->canonical));
    return g_byte_array_free_to_bytes(key);
}

static guint
add_group(Build *build, const MeishiCert *cert)
{
    g_autoptr(GArray) parents =
        cert ? find_parents(build, cert) : g_array_new(FALSE, FALSE, sizeof(guint));
    const MeishiName *issuer = cert ? cert->issuer_name : NULL;
    g_autoptr(GBytes) key = group_key(issuer, parents);
    guint index = GPOINTER_TO_UINT(g_hash_table_lookup(build->group_of, key));
    MeishiIssuerGroup *group;

    if (index > 0)
        return index - 1;
    group = g_new0(MeishiIssuerGroup, 1);
    group->issuer = issuer;
    group->ancestors = find_ancestors(build->inventory, parents);
    group->parents = g_steal_pointer(&parents);
    g_ptr_array_add(build->inventory->groups, group);
    g_hash_table_insert(build->group_of, g_bytes_ref(key),
                        GUINT_TO_POINTER(build->inventory->groups->len));
    return build->inventory->groups->len - 1;
}

/* RFC 5280 4.2.1.12 */
static MeishiEkuClass
classify_eku(const MeishiCert *cert)
{
    if (cert->ekus == NULL)
        return MEISHI_EKU_ABSENT;
    if (meishi_cert_has_eku(cert, "1.3.6.1.5.5.7.3.2"))
        return MEISHI_EKU_CLIENT;
    if (meishi_cert_has_eku(cert, "2.5.29.37.0"))
        return MEISHI_EKU_ANY;
    return MEISHI_EKU_OTHER;
}

static void
add_entries(Build *build)
{
    MeishiInventory *inventory = build->inventory;

    for (guint i = 0; i < inventory->candidates->len; i++) {
        const MeishiCandidate *candidate = g_ptr_array_index(inventory->candidates, i);
        const MeishiCert *cert = candidate->cert;
        MeishiInventoryEntry entry = {
            .candidate = candidate,
            .group = add_group(build, cert),
        };

        if (cert) {
            entry.schemes_1_2 =
                meishi_sigalg_for_key(cert->key, MEISHI_TLS_1_2) & candidate->token_schemes;
            entry.schemes_1_3 =
                meishi_sigalg_for_key(cert->key, MEISHI_TLS_1_3) & candidate->token_schemes;
            entry.signed_with = meishi_sigalg_for_certificate(cert->signature_algorithm);
            entry.eku = classify_eku(cert);
        }
        g_array_append_val(inventory->entries, entry);
        append_to(inventory->by_lineage, candidate->lineage, i);
        g_hash_table_insert(inventory->by_id, candidate->id, GUINT_TO_POINTER(i + 1));
    }
}

MeishiInventory *
meishi_inventory_new(GPtrArray *candidates, GPtrArray *cas, MeishiChainVerify verify,
                     gpointer user_data)
{
    MeishiInventory *inventory = g_new0(MeishiInventory, 1);
    g_autoptr(GHashTable) by_subject =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)g_array_unref);
    g_autoptr(GHashTable) group_of =
        g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
    Build build = {.inventory = inventory,
                   .by_subject = by_subject,
                   .group_of = group_of,
                   .verify = verify,
                   .user_data = user_data};

    inventory->candidates = g_ptr_array_ref(candidates);
    inventory->cas = g_ptr_array_ref(cas);
    inventory->nodes = g_ptr_array_new_with_free_func(free_node);
    inventory->groups = g_ptr_array_new_with_free_func(free_group);
    inventory->entries = g_array_new(FALSE, FALSE, sizeof(MeishiInventoryEntry));
    inventory->by_lineage =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)g_array_unref);
    inventory->by_id = g_hash_table_new(g_str_hash, g_str_equal);
    add_nodes(&build);
    add_entries(&build);
    return inventory;
}

void
meishi_inventory_free(MeishiInventory *inventory)
{
    if (inventory == NULL)
        return;
    g_hash_table_unref(inventory->by_id);
    g_hash_table_unref(inventory->by_lineage);
    g_array_unref(inventory->entries);
    g_ptr_array_unref(inventory->groups);
    g_ptr_array_unref(inventory->nodes);
    g_ptr_array_unref(inventory->cas);
    g_ptr_array_unref(inventory->candidates);
    g_free(inventory);
}

GArray *
meishi_inventory_find_lineage(const MeishiInventory *inventory, const char *lineage)
{
    return g_hash_table_lookup(inventory->by_lineage, lineage);
}

gboolean
meishi_inventory_find_id(const MeishiInventory *inventory, const char *id, guint *ret_index)
{
    guint found = GPOINTER_TO_UINT(g_hash_table_lookup(inventory->by_id, id));

    if (found == 0)
        return FALSE;
    *ret_index = found - 1;
    return TRUE;
}
