/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A view holds the snapshot's file and, by key row, the identities behind its handles.
 */
#include "daemon/server/view.h"

#include "daemon/server/handle.h"
#include "daemon/server/objects.h"
#include "daemon/server/snapshot-writer.h"

#include <unistd.h>

struct MeishiView {
    gint refs;
    guint64 generation;
    guint64 present;
    int snapshot;
    GHashTable *keys;  /* key row (gint64 *, inside the identity) to MeishiIdentity */
    GHashTable *certs; /* certificate row, likewise */
};

static GHashTable *
collect_keys(GPtrArray *identities)
{
    GHashTable *keys = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL,
                                             (GDestroyNotify)meishi_identity_unref);

    for (guint i = 0; i < identities->len; i++) {
        MeishiIdentity *identity = identities->pdata[i];

        if (!g_hash_table_contains(keys, &identity->key_id))
            g_hash_table_insert(keys, &identity->key_id, meishi_identity_ref(identity));
    }
    return keys;
}

static GHashTable *
collect_certs(GPtrArray *identities)
{
    GHashTable *certs = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL,
                                              (GDestroyNotify)meishi_identity_unref);

    for (guint i = 0; i < identities->len; i++) {
        MeishiIdentity *identity = identities->pdata[i];

        if (identity->cert != NULL)
            g_hash_table_insert(certs, &identity->cert_id, meishi_identity_ref(identity));
    }
    return certs;
}

MeishiView *
meishi_view_new(GPtrArray *identities, guint64 generation, GError **error)
{
    g_autoptr(MeishiSnapshotWriter) writer = meishi_snapshot_writer_new();
    guint64 present = meishi_objects_write(identities, writer);
    gsize size;
    int snapshot = meishi_snapshot_writer_finish(writer, generation, &size, error);
    MeishiView *view;

    if (snapshot < 0)
        return NULL;
    view = g_new0(MeishiView, 1);
    view->refs = 1;
    view->generation = generation;
    view->present = present;
    view->snapshot = snapshot;
    view->keys = collect_keys(identities);
    view->certs = collect_certs(identities);
    return view;
}

MeishiView *
meishi_view_ref(MeishiView *view)
{
    g_atomic_int_inc(&view->refs);
    return view;
}

void
meishi_view_unref(MeishiView *view)
{
    if (view == NULL || !g_atomic_int_dec_and_test(&view->refs))
        return;
    close(view->snapshot);
    g_hash_table_unref(view->keys);
    g_hash_table_unref(view->certs);
    g_free(view);
}

guint64
meishi_view_generation(const MeishiView *view)
{
    return view->generation;
}

int
meishi_view_snapshot(const MeishiView *view)
{
    return view->snapshot;
}

guint64
meishi_view_present(const MeishiView *view)
{
    return view->present;
}

const MeishiIdentity *
meishi_view_find_key(const MeishiView *view, guint64 handle, gboolean *ret_is_private)
{
    MeishiHandleKind kind;
    gint64 row;

    if (!meishi_handle_split(handle, &kind, &row))
        return NULL;
    *ret_is_private =
        kind == MEISHI_HANDLE_PRIVATE_KEY || kind == MEISHI_HANDLE_FURTHER_PRIVATE_KEY;
    switch (kind) {
    case MEISHI_HANDLE_PUBLIC_KEY:
    case MEISHI_HANDLE_PRIVATE_KEY:
        return g_hash_table_lookup(view->keys, &row);
    case MEISHI_HANDLE_FURTHER_PUBLIC_KEY:
    case MEISHI_HANDLE_FURTHER_PRIVATE_KEY:
        return g_hash_table_lookup(view->certs, &row);
    default:
        return NULL;
    }
}
