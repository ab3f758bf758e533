/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What one program is shown: policy applied to who sees tokens, not handshakes.  Whatever is not
 * shown is not signed with either, so this is where a rule is enforced for every program that
 * speaks PKCS#11.
 */
#include "daemon/agent/agent-private.h"

#include "daemon/agent/presentation-private.h"
#include "daemon/agent/selector.h"
#include "daemon/policy/role.h"
#include "daemon/policy/visible.h"

#include <string.h>

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

/* Some programs take the first that fits. */
typedef enum {
    RANK_HINTED,
    RANK_SELECTED, /* by the rule that is asked where the target is not known */
    RANK_OTHER,
    N_RANKS,
} Rank;

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

static Rank
rank_of(const Work *work, guint index)
{
    if (is_hinted(work, index))
        return RANK_HINTED;
    if (work->visibilities != NULL &&
        g_array_index(work->visibilities, MeishiVisibility, index).selected)
        return RANK_SELECTED;
    return RANK_OTHER;
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
        shown->now =
            meishi_shown_new(work->agent->identities->pdata[index], confirm_of(work, index));
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

/* With one that is away nothing can be done, and nobody is refused anything. */
static gboolean
is_there(const Work *work, guint index)
{
    return meishi_identity_is_present(work->agent->identities->pdata[index]);
}

static void
show_ranked(Work *work, Rank rank)
{
    for (guint i = 0; i < work->agent->identities->len; i++) {
        if (is_there(work, i) && is_left(work, i) && rank_of(work, i) == rank)
            g_ptr_array_add(
                work->presentation->shown,
                meishi_shown_new(work->agent->identities->pdata[i], confirm_of(work, i)));
    }
}

static void
show_identities(Work *work)
{
    for (guint rank = RANK_HINTED; rank < N_RANKS; rank++)
        show_ranked(work, rank);
}

static void
withhold_identities(Work *work)
{
    for (guint i = 0; i < work->agent->identities->len; i++) {
        MeishiIdentity *identity = work->agent->identities->pdata[i];

        if (is_there(work, i) && !is_left(work, i) &&
            !g_hash_table_contains(work->in_roles, identity))
            g_ptr_array_add(work->presentation->withheld, meishi_identity_ref(identity));
    }
}

/* ---- putting it together --------------------------------------------------------------------- */

static MeishiPresentation *
work_out(MeishiAgent *agent, const MeishiHint *hint, MeishiRequest *request)
{
    g_autoptr(GHashTable) in_roles = g_hash_table_new(NULL, NULL);
    g_autoptr(GArray) visibilities = NULL;
    Work work = {.agent = agent, .hint = hint, .request = request, .in_roles = in_roles};

    work.world = meishi_agent_world(agent);
    work.presentation = meishi_presentation_new();
    if (work.world->policy->rules->len > 0)
        work.visibilities = visibilities = meishi_visible_judge(work.world, request);
    show_roles(&work);
    show_identities(&work);
    withhold_identities(&work);
    meishi_presentation_seal(work.presentation);
    return work.presentation;
}

/* ---- sharing ---------------------------------------------------------------------------------
 * After a change every process is presented anew, many of them alike, and ten thousand identities
 * take a while.  What was worked out is good for one second, since rules look at the clock, and
 * until something changes. */

/* Everything that can make two results differ.  No name holds a NUL. */
static char *
make_key(const MeishiHint *hint, const MeishiRequest *request)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);

    meishi_presentation_hash_number(sum, request->trust);
    meishi_presentation_hash_number(sum, g_strv_length(request->application_names));
    for (char **name = request->application_names; *name != NULL; name++)
        meishi_presentation_hash_text(sum, *name);
    meishi_presentation_hash_number(sum, hint != NULL ? 1 + (guint64)hint->kind : 0);
    if (hint != NULL) {
        meishi_presentation_hash_text(sum, hint->id != NULL ? hint->id : "");
        meishi_presentation_hash_text(sum, hint->protocol != NULL ? hint->protocol : "");
        meishi_presentation_hash_text(sum, hint->host.text != NULL ? hint->host.text : "");
        meishi_presentation_hash_number(sum, hint->port);
    }
    return g_strdup(g_checksum_get_string(sum));
}

void
meishi_agent_drop_presentations(MeishiAgent *agent)
{
    g_clear_pointer(&agent->presentations, g_hash_table_unref);
}

static GHashTable *
find_presentations(MeishiAgent *agent, gint64 now)
{
    if (agent->presented_at != now)
        meishi_agent_drop_presentations(agent);
    agent->presented_at = now;
    if (agent->presentations == NULL)
        agent->presentations = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                                     (GDestroyNotify)meishi_presentation_free);
    return agent->presentations;
}

MeishiPresentation *
meishi_agent_present(MeishiAgent *agent, MeishiApplication *application)
{
    gint64 now = meishi_agent_now();
    const MeishiHint *hint = meishi_hints_find(agent->hints, application, now);
    g_autoptr(MeishiRequest) request = make_request(application, hint);
    g_autofree char *key = make_key(hint, request);
    GHashTable *presentations = find_presentations(agent, now);
    const MeishiPresentation *presentation = g_hash_table_lookup(presentations, key);

    if (presentation == NULL) {
        MeishiPresentation *made = work_out(agent, hint, request);

        presentation = made;
        g_hash_table_insert(presentations, g_steal_pointer(&key), made);
    }
    return meishi_presentation_share(presentation);
}
