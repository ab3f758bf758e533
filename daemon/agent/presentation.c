/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiPresentation: policy applied to a program that sees tokens, not handshakes.  Whatever is
 * not shown here is not signed with either, so this is where a rule is enforced for every program
 * that speaks PKCS#11.
 */
#include "daemon/agent/presentation.h"

#include "daemon/agent/agent-private.h"
#include "daemon/agent/selector.h"
#include "daemon/policy/role.h"
#include "daemon/policy/visible.h"

#include <string.h>

static MeishiShown *
shown_new(MeishiIdentity *identity, MeishiConfirm confirm)
{
    MeishiShown *shown = g_new0(MeishiShown, 1);

    shown->identity = meishi_identity_ref(identity);
    shown->confirm = confirm;
    return shown;
}

static void
shown_free(gpointer data)
{
    MeishiShown *shown = data;

    if (shown == NULL)
        return;
    meishi_identity_unref(shown->identity);
    g_free(shown);
}

static void
shown_role_free(gpointer data)
{
    MeishiShownRole *role = data;

    shown_free(role->now);
    g_free(role->name);
    g_free(role->label);
    g_free(role);
}

void
meishi_presentation_free(MeishiPresentation *presentation)
{
    if (presentation == NULL)
        return;
    g_ptr_array_unref(presentation->shown);
    g_ptr_array_unref(presentation->withheld);
    g_ptr_array_unref(presentation->roles);
    g_free(presentation->fingerprint);
    g_free(presentation);
}

/* ---- what is decided ------------------------------------------------------------------------- */

typedef struct {
    MeishiAgent *agent;
    const MeishiWorld *world;
    const MeishiHint *hint; /* NULL */
    MeishiRequest *request;
    GArray *visibilities; /* MeishiVisibility; NULL: there is no rule, so everything is shown */
    MeishiPresentation *presentation;
    GHashTable *in_roles; /* MeishiIdentity that a role holds */
} Work;

/* The door knows the caller, and where there is a hint, the target. */
static MeishiRequest *
make_request(const MeishiApplication *application, const MeishiHint *hint)
{
    MeishiRequest *request = meishi_request_new();

    meishi_application_describe(application, request);
    if (hint != NULL) {
        request->protocol = g_strdup(hint->protocol);
        request->host = hint->host;
        request->host.text = g_strdup(hint->host.text);
        request->port = hint->port;
    }
    return request;
}

static gboolean
is_bound(const Work *work)
{
    return work->hint != NULL && work->hint->kind == MEISHI_HINT_BOUND;
}

static gboolean
is_hinted(const Work *work, guint index)
{
    return work->hint != NULL &&
           g_strcmp0(work->hint->id,
                     meishi_inventory_entry(work->world->inventory, index)->candidate->id) == 0;
}

static gboolean
is_left(const Work *work, guint index)
{
    const MeishiCandidate *candidate =
        meishi_inventory_entry(work->world->inventory, index)->candidate;

    if (is_bound(work) && !is_hinted(work, index))
        return FALSE;
    if (work->visibilities == NULL)
        return !candidate->hidden && !candidate->duplicate;
    return g_array_index(work->visibilities, MeishiVisibility, index).code == MEISHI_CODE_OK;
}

static MeishiConfirm
confirm_of(const Work *work, guint index)
{
    if (work->visibilities == NULL)
        return MEISHI_CONFIRM_NEVER;
    return g_array_index(work->visibilities, MeishiVisibility, index).confirm;
}

/* ---- roles ----------------------------------------------------------------------------------- */

/* A role stands for the target of its rule, so it may hold what is withheld where the target is
 * unknown.  A program that is bound to an identity finds that one in it or nothing. */
static void
show_role(Work *work, const MeishiRole *role)
{
    MeishiShownRole *shown = g_new0(MeishiShownRole, 1);
    guint index = meishi_role_resolve(work->world, role, work->request);

    shown->name = g_strdup(role->name);
    shown->label = g_strdup(role->label != NULL ? role->label : role->name);
    if (index != G_MAXUINT && (!is_bound(work) || is_hinted(work, index))) {
        shown->now = shown_new(work->agent->identities->pdata[index], confirm_of(work, index));
        g_hash_table_add(work->in_roles, shown->now->identity);
    }
    g_ptr_array_add(work->presentation->roles, shown);
}

static int
compare_roles(gconstpointer a, gconstpointer b)
{
    return strcmp((*(MeishiShownRole *const *)a)->name, (*(MeishiShownRole *const *)b)->name);
}

static void
show_roles(Work *work)
{
    GPtrArray *roles = work->world->policy->roles;

    for (guint i = 0; i < roles->len; i++)
        show_role(work, roles->pdata[i]);
    g_ptr_array_sort(work->presentation->roles, compare_roles);
}

/* ---- identities ------------------------------------------------------------------------------ */

static void
show_identities(Work *work)
{
    MeishiPresentation *presentation = work->presentation;
    GPtrArray *identities = work->agent->identities;

    for (guint i = 0; i < identities->len; i++) {
        MeishiIdentity *identity = identities->pdata[i];

        if (is_left(work, i))
            g_ptr_array_insert(presentation->shown, is_hinted(work, i) ? 0 : -1,
                               shown_new(identity, confirm_of(work, i)));
        else if (!g_hash_table_contains(work->in_roles, identity))
            g_ptr_array_add(presentation->withheld, meishi_identity_ref(identity));
    }
}

/* ---- what makes two of them equal ------------------------------------------------------------ */

/* Strings end with their NUL and lists with their length, so that no two values run together. */
static void
hash_text(GChecksum *sum, const char *text)
{
    g_checksum_update(sum, (const guchar *)text, (gssize)strlen(text) + 1);
}

static void
hash_number(GChecksum *sum, guint64 number)
{
    g_checksum_update(sum, (const guchar *)&number, sizeof number);
}

static void
hash_identity(GChecksum *sum, const MeishiIdentity *identity)
{
    const GPtrArray *chain = identity->chain;

    hash_number(sum, (guint64)identity->cert_id);
    hash_number(sum, (guint64)identity->key_id);
    hash_number(sum, identity->allow_raw != FALSE);
    hash_text(sum, identity->label);
    hash_text(sum, identity->token_label);
    g_checksum_update(sum, identity->key->spki_sha256, MEISHI_SHA256_LEN);
    if (identity->cert != NULL)
        g_checksum_update(sum, identity->cert->sha256, MEISHI_SHA256_LEN);
    hash_number(sum, chain->len);
    for (guint i = 0; i < chain->len; i++)
        g_checksum_update(sum, ((const MeishiCert *)chain->pdata[i])->sha256, MEISHI_SHA256_LEN);
}

static void
hash_shown(GChecksum *sum, const MeishiShown *shown)
{
    hash_number(sum, shown != NULL);
    if (shown == NULL)
        return;
    hash_number(sum, shown->confirm);
    hash_identity(sum, shown->identity);
}

static char *
make_fingerprint(const MeishiPresentation *presentation)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);

    hash_number(sum, presentation->shown->len);
    for (guint i = 0; i < presentation->shown->len; i++)
        hash_shown(sum, presentation->shown->pdata[i]);
    hash_number(sum, presentation->withheld->len);
    for (guint i = 0; i < presentation->withheld->len; i++)
        hash_identity(sum, presentation->withheld->pdata[i]);
    for (guint i = 0; i < presentation->roles->len; i++) {
        const MeishiShownRole *role = presentation->roles->pdata[i];

        hash_text(sum, role->name);
        hash_text(sum, role->label);
        hash_shown(sum, role->now);
    }
    return g_strdup(g_checksum_get_string(sum));
}

/* ---- putting it together --------------------------------------------------------------------- */

static MeishiPresentation *
presentation_new(void)
{
    MeishiPresentation *presentation = g_new0(MeishiPresentation, 1);

    presentation->shown = g_ptr_array_new_with_free_func(shown_free);
    presentation->withheld = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_identity_unref);
    presentation->roles = g_ptr_array_new_with_free_func(shown_role_free);
    return presentation;
}

MeishiPresentation *
meishi_agent_present(MeishiAgent *agent, MeishiApplication *application)
{
    const MeishiHint *hint = meishi_hints_find(agent->hints, application, meishi_agent_now());
    g_autoptr(MeishiRequest) request = make_request(application, hint);
    g_autoptr(GHashTable) in_roles = g_hash_table_new(NULL, NULL);
    g_autoptr(GArray) visibilities = NULL;
    Work work = {.agent = agent, .hint = hint, .request = request, .in_roles = in_roles};

    work.world = meishi_agent_world(agent);
    work.presentation = presentation_new();
    if (work.world->policy->rules->len > 0)
        work.visibilities = visibilities = meishi_visible_judge(work.world, request);
    show_roles(&work);
    show_identities(&work);
    work.presentation->fingerprint = make_fingerprint(work.presentation);
    return work.presentation;
}
