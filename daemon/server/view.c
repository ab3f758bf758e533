/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A view holds the snapshot's file and what stands behind its handles: by key row, by certificate
 * row (for the further certificates of a key) and by role.
 *
 * What is allowed is a key, since a signature does not say which certificate goes with it.  Where
 * identities share one, it may be used if one of them is shown, and needs the confirmation of the
 * strictest of them.
 */
#include "daemon/server/view.h"

#include "daemon/server/handle.h"
#include "daemon/server/objects.h"
#include "daemon/server/snapshot-writer.h"

#include <string.h>
#include <unistd.h>

/* What is shown; views that differ only in what they allow share one. */
typedef struct {
    gint refs;
    int fd;
    guint64 generation;
    GArray *present; /* Present, by slot id */
} Sight;

typedef struct {
    guint64 slot_id;
    guint64 insertion;
} Present;

typedef struct {
    MeishiIdentity *identity;
    MeishiConfirm confirm;
} Grant;

struct MeishiView {
    gint refs;
    MeishiLayout layout;
    char *fingerprint;
    Sight *sight;
    GHashTable *keys;          /* key row (gint64 *, inside the identity) to Grant */
    GHashTable *certs;         /* certificate row, likewise; a key without one has none */
    GHashTable *withheld_keys; /* likewise to MeishiIdentity; counts where there is no Grant */
    GHashTable *withheld_certs;
    Grant *roles[MEISHI_HANDLE_MAX_ROLES];
};

/* ---- what is shown ------------------------------------------------------------------------- */

static int
compare_slot_ids(gconstpointer a, gconstpointer b)
{
    const Present *first = a, *second = b;

    return first->slot_id < second->slot_id ? -1 : first->slot_id > second->slot_id;
}

static GArray *
collect_present(GPtrArray *tokens)
{
    GArray *present = g_array_new(FALSE, FALSE, sizeof(Present));

    for (guint i = 0; i < tokens->len; i++) {
        const MeishiToken *token = tokens->pdata[i];
        const Present one = {token->slot_id, token->insertion};

        if (token->is_present)
            g_array_append_val(present, one);
    }
    g_array_sort(present, compare_slot_ids);
    return present;
}

static Sight *
sight_new(GPtrArray *tokens, guint64 generation, GError **error)
{
    g_autoptr(MeishiSnapshotWriter) writer = meishi_snapshot_writer_new();
    Sight *sight;
    gsize size;
    int fd;

    meishi_objects_write(tokens, writer);
    fd = meishi_snapshot_writer_finish(writer, generation, &size, error);
    if (fd < 0)
        return NULL;
    sight = g_new0(Sight, 1);
    sight->refs = 1;
    sight->fd = fd;
    sight->generation = generation;
    sight->present = collect_present(tokens);
    return sight;
}

static Sight *
sight_ref(Sight *sight)
{
    g_atomic_int_inc(&sight->refs);
    return sight;
}

static void
sight_unref(Sight *sight)
{
    if (!g_atomic_int_dec_and_test(&sight->refs))
        return;
    close(sight->fd);
    g_array_unref(sight->present);
    g_free(sight);
}

/* ---- what is allowed ----------------------------------------------------------------------- */

static Grant *
grant_new(const MeishiShown *shown)
{
    Grant *grant = g_new0(Grant, 1);

    grant->identity = meishi_identity_ref(shown->identity);
    grant->confirm = shown->confirm;
    return grant;
}

static void
grant_free(gpointer data)
{
    Grant *grant = data;

    if (grant == NULL)
        return;
    meishi_identity_unref(grant->identity);
    g_free(grant);
}

static GHashTable *
table_new(GDestroyNotify free_value)
{
    return g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, free_value);
}

static void
allow(MeishiView *view, const MeishiShown *shown)
{
    Grant *known = g_hash_table_lookup(view->keys, &shown->identity->key_id);

    if (known == NULL) {
        known = grant_new(shown);
        g_hash_table_insert(view->keys, &known->identity->key_id, known);
    }
    known->confirm = MAX(known->confirm, shown->confirm);
    if (shown->identity->cert != NULL) {
        Grant *grant = grant_new(shown);

        g_hash_table_replace(view->certs, &grant->identity->cert_id, grant);
    }
}

static void
withhold(MeishiView *view, MeishiIdentity *identity)
{
    g_hash_table_replace(view->withheld_keys, &identity->key_id, meishi_identity_ref(identity));
    if (identity->cert != NULL)
        g_hash_table_replace(view->withheld_certs, &identity->cert_id,
                             meishi_identity_ref(identity));
}

/* A role stands for a target, so it may hold what the program is shown nowhere else; then the key
 * may be used through the role's objects alone. */
static void
allow_roles(MeishiView *view, GPtrArray *tokens)
{
    for (guint i = 0; i < tokens->len; i++) {
        const MeishiToken *token = tokens->pdata[i];
        const MeishiShown *shown = token->shown->len > 0 ? token->shown->pdata[0] : NULL;

        if (token->role < 0 || shown == NULL)
            continue;
        view->roles[token->role] = grant_new(shown);
        withhold(view, shown->identity);
    }
}

static MeishiView *
view_new(Sight *sight, const MeishiPresentation *presentation, MeishiLayout layout,
         GPtrArray *tokens)
{
    MeishiView *view = g_new0(MeishiView, 1);

    view->refs = 1;
    view->layout = layout;
    view->fingerprint = g_strdup(presentation->fingerprint);
    view->sight = sight;
    view->keys = table_new(grant_free);
    view->certs = table_new(grant_free);
    view->withheld_keys = table_new((GDestroyNotify)meishi_identity_unref);
    view->withheld_certs = table_new((GDestroyNotify)meishi_identity_unref);
    for (guint i = 0; i < presentation->shown->len; i++)
        allow(view, presentation->shown->pdata[i]);
    for (guint i = 0; i < presentation->withheld->len; i++)
        withhold(view, presentation->withheld->pdata[i]);
    allow_roles(view, tokens);
    return view;
}

/* ---- views --------------------------------------------------------------------------------- */

MeishiView *
meishi_view_new(const MeishiPresentation *presentation, MeishiLayout layout, guint64 generation,
                GError **error)
{
    g_autoptr(GPtrArray) tokens = meishi_tokens_plan(presentation, layout);
    Sight *sight = sight_new(tokens, generation, error);

    return sight != NULL ? view_new(sight, presentation, layout, tokens) : NULL;
}

MeishiView *
meishi_view_new_unseen(const MeishiView *old, const MeishiPresentation *presentation,
                       MeishiLayout layout)
{
    g_autoptr(GPtrArray) tokens = meishi_tokens_plan(presentation, layout);
    MeishiView *view = view_new(sight_ref(old->sight), presentation, layout, tokens);

    g_clear_pointer(&view->fingerprint, g_free); /* is for nobody else, and made anew next time */
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
    sight_unref(view->sight);
    g_hash_table_unref(view->keys);
    g_hash_table_unref(view->certs);
    g_hash_table_unref(view->withheld_keys);
    g_hash_table_unref(view->withheld_certs);
    for (guint i = 0; i < G_N_ELEMENTS(view->roles); i++)
        grant_free(view->roles[i]);
    g_free(view->fingerprint);
    g_free(view);
}

guint64
meishi_view_generation(const MeishiView *view)
{
    return view->sight->generation;
}

gboolean
meishi_view_is_for(const MeishiView *view, const char *fingerprint, MeishiLayout layout)
{
    return view->layout == layout && g_strcmp0(view->fingerprint, fingerprint) == 0;
}

int
meishi_view_snapshot(const MeishiView *view)
{
    return view->sight->fd;
}

gboolean
meishi_view_is_present(const MeishiView *view, guint64 slot_id)
{
    const Present wanted = {slot_id, 0};

    return g_array_binary_search(view->sight->present, &wanted, compare_slot_ids, NULL);
}

gboolean
meishi_view_has_same_tokens(const MeishiView *view, const MeishiView *other)
{
    const GArray *a = view->sight->present, *b = other->sight->present;

    return a->len == b->len &&
           (a->len == 0 || memcmp(a->data, b->data, a->len * sizeof(Present)) == 0);
}

/* ---- handles ------------------------------------------------------------------------------- */

static void
find(GHashTable *granted, GHashTable *withheld, gint64 row, MeishiViewKey *ret)
{
    const Grant *grant = g_hash_table_lookup(granted, &row);

    if (grant != NULL) {
        ret->identity = grant->identity;
        ret->confirm = grant->confirm;
        return;
    }
    ret->identity = g_hash_table_lookup(withheld, &row);
    ret->is_withheld = ret->identity != NULL;
}

/* Whatever certificate leads to it, it is the same key: @confirm, or what the key wants. */
static MeishiConfirm
stricter(const MeishiView *view, const MeishiIdentity *identity, MeishiConfirm confirm)
{
    const Grant *key = g_hash_table_lookup(view->keys, &identity->key_id);

    return key != NULL ? MAX(confirm, key->confirm) : confirm;
}

static void
find_by_certificate(const MeishiView *view, gint64 row, MeishiViewKey *ret)
{
    find(view->certs, view->withheld_certs, row, ret);
    if (ret->identity != NULL && !ret->is_withheld)
        ret->confirm = stricter(view, ret->identity, ret->confirm);
}

/* What a role held before may still be used where the program sees it elsewhere: it may be in the
 * midst of a handshake.  What it holds now, it may use on the role's terms. */
static void
find_in_role(const MeishiView *view, gint64 number, MeishiViewKey *ret)
{
    const Grant *grant;
    gint64 row;
    guint role;

    meishi_handle_split_in_role(number, &role, &row);
    grant = view->roles[role];
    if (grant == NULL || grant->identity->cert_id != row) {
        find_by_certificate(view, row, ret);
        return;
    }
    ret->identity = grant->identity;
    ret->confirm = stricter(view, grant->identity, grant->confirm);
}

MeishiViewKey
meishi_view_find_key(const MeishiView *view, guint64 handle)
{
    MeishiViewKey found = {.identity = NULL};
    MeishiHandleKind kind;
    gint64 number;

    if (!meishi_handle_split(handle, &kind, &number))
        return found;
    found.is_private = kind == MEISHI_HANDLE_PRIVATE_KEY ||
                       kind == MEISHI_HANDLE_FURTHER_PRIVATE_KEY ||
                       kind == MEISHI_HANDLE_ROLE_PRIVATE_KEY;
    switch (kind) {
    case MEISHI_HANDLE_PUBLIC_KEY:
    case MEISHI_HANDLE_PRIVATE_KEY:
        find(view->keys, view->withheld_keys, number, &found);
        break;
    case MEISHI_HANDLE_FURTHER_PUBLIC_KEY:
    case MEISHI_HANDLE_FURTHER_PRIVATE_KEY:
        find_by_certificate(view, number, &found);
        break;
    case MEISHI_HANDLE_ROLE_PUBLIC_KEY:
    case MEISHI_HANDLE_ROLE_PRIVATE_KEY:
        find_in_role(view, number, &found);
        break;
    default:
        break;
    }
    return found;
}
