/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A card was pulled: connections that were made with it are to end, as if it were a key that turns
 * back in a lock.  Which they are is known from what was selected in the last hour and from what is
 * chosen for good.
 *
 * Everybody on a bus hears it, so what was selected in private is not told.
 */
#include "daemon/agent/selector-private.h"

#include "daemon/agent/choice-diff.h"
#include "daemon/agent/selector.h"

typedef struct {
    MeishiAgent *agent;
    GHashTable *told; /* "host port" */
} Telling;

static void
tell(Telling *telling, const char *host, guint port)
{
    MeishiFlush flush = {.host = host, .port = port};

    if (g_hash_table_add(telling->told, g_strdup_printf("%s %u", host, port)))
        g_signal_emit_by_name(telling->agent, "flush-connections", &flush);
}

/* The targets of the choices that name @lineage: what would change if they were forgotten. */
static GPtrArray *
find_chosen(MeishiAgent *agent, const char *lineage)
{
    g_autoptr(GPtrArray) choices = meishi_selector_list_choices(agent);
    g_autoptr(GPtrArray) others = g_ptr_array_new();

    for (guint i = 0; i < choices->len; i++) {
        const MeishiChoice *choice = choices->pdata[i];

        if (g_strcmp0(choice->lineage, lineage) != 0)
            g_ptr_array_add(others, choices->pdata[i]);
    }
    return meishi_choice_diff_find(choices, others);
}

static gboolean
is_told(const MeishiRequest *request)
{
    return request->host.text != NULL &&
           (request->context == NULL || !g_str_has_prefix(request->context, "private:"));
}

static void
tell_of(Telling *telling, const MeishiIdentity *identity)
{
    g_autofree char *id = meishi_identity_id(identity);
    g_autoptr(GPtrArray) chosen = find_chosen(telling->agent, identity->lineage);
    g_autoptr(GList) selections = meishi_selection_log_list_of(telling->agent->selector->log, id);

    for (guint i = 0; i < chosen->len; i++) {
        const MeishiChangedTarget *target = chosen->pdata[i];

        tell(telling, target->host, target->port);
    }
    for (GList *at = selections; at != NULL; at = at->next) {
        const MeishiSelection *selection = at->data;

        if (is_told(selection->request))
            tell(telling, selection->request->host.text, selection->request->port);
    }
}

void
meishi_agent_tell_pulled(MeishiAgent *agent, GPtrArray *identities)
{
    g_autoptr(GHashTable) told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    Telling telling = {.agent = agent, .told = told};

    for (guint i = 0; i < identities->len; i++)
        tell_of(&telling, identities->pdata[i]);
}
