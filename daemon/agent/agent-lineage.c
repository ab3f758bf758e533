/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiAgent: what a person says about renewals.  Two lineages become one, or one certificate
 * leaves; either is one transaction, and the roster finds out who has taken whose place.
 */
#include "daemon/agent/agent-private.h"

#include "daemon/agent/lineage-book.h"
#include "daemon/agent/selector-private.h"
#include "daemon/base/error.h"

#include <string.h>

const char *
meishi_agent_lineage(MeishiAgent *agent, MeishiIdentity *identity)
{
    return identity->lineage;
}

MeishiIdentity *
meishi_agent_superseded_by(MeishiAgent *agent, MeishiIdentity *identity)
{
    return identity->superseded_by != NULL ? meishi_agent_find_id(agent, identity->superseded_by)
                                           : NULL;
}

static gboolean
check_pair(const MeishiIdentity *newer, const MeishiIdentity *older, GError **error)
{
    const MeishiIdentity *bare = newer->cert == NULL ? newer : older;

    if (bare->cert == NULL) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT,
                    "“%s” is a key without certificate; only certificates renew each other.",
                    bare->label);
        return FALSE;
    }
    if (meishi_lineage_book_compare(newer->cert, older->cert) > 0)
        return TRUE;
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT,
                "“%s” was not issued later than “%s”, so it cannot renew it.", newer->label,
                older->label);
    return FALSE;
}

/* ---- rows ---------------------------------------------------------------------------------- */

static GPtrArray *
new_rows(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)meishi_store_lineage_free);
}

/* The row that gives @identity @lineage; none where that is its own. */
static void
add_row(GPtrArray *rows, const MeishiIdentity *identity, const char *lineage)
{
    g_autofree char *own = meishi_identity_id(identity);
    MeishiStoreLineage *row = g_new0(MeishiStoreLineage, 1);

    row->cert_id = identity->cert_id;
    row->lineage = g_str_equal(own, lineage) ? NULL : g_strdup(lineage);
    g_ptr_array_add(rows, row);
}

static guint
count_members(MeishiAgent *agent, const char *lineage)
{
    guint n = 0;

    for (guint i = 0; i < agent->identities->len; i++) {
        const MeishiIdentity *identity = g_ptr_array_index(agent->identities, i);

        n += strcmp(identity->lineage, lineage) == 0;
    }
    return n;
}

/* A lineage of nobody: its own, unless it leaves others behind in the one that has its name. */
static char *
fresh_lineage(MeishiAgent *agent, const MeishiIdentity *identity)
{
    g_autofree char *own = meishi_identity_id(identity);
    char *fresh = g_strdup(own);

    for (guint n = 2; count_members(agent, fresh) > 0; n++) {
        g_free(fresh);
        fresh = g_strdup_printf("%s/%u", own, n);
    }
    return fresh;
}

/* ---- leaving and joining ------------------------------------------------------------------- */

static gboolean
leave(MeishiAgent *agent, const MeishiIdentity *identity, GError **error)
{
    g_autoptr(GPtrArray) rows = new_rows();
    g_autofree char *lineage = NULL;

    if (count_members(agent, identity->lineage) == 1)
        return TRUE; /* it stands alone already */
    lineage = fresh_lineage(agent, identity);
    add_row(rows, identity, lineage);
    return meishi_store_set_lineages(agent->store, rows, error) &&
           meishi_agent_reload(agent, error);
}

static gboolean
move_choices(MeishiAgent *agent, const char *from, const char *to, GError **error)
{
    g_autoptr(GPtrArray) before = meishi_selector_list_choices(agent);

    if (!meishi_choice_book_move(agent->choice_book, from, to, error))
        return FALSE;
    meishi_selector_tell_changes(agent, before);
    return TRUE;
}

/* The whole of @newer's lineage joins. */
static gboolean
join(MeishiAgent *agent, const MeishiIdentity *newer, const MeishiIdentity *older, GError **error)
{
    g_autofree char *from = g_strdup(newer->lineage);
    g_autofree char *to = g_strdup(older->lineage);
    g_autoptr(GPtrArray) rows = new_rows();

    if (g_str_equal(from, to))
        return TRUE;
    for (guint i = 0; i < agent->identities->len; i++) {
        const MeishiIdentity *identity = g_ptr_array_index(agent->identities, i);

        if (g_str_equal(identity->lineage, from))
            add_row(rows, identity, to);
    }
    return meishi_store_set_lineages(agent->store, rows, error) &&
           meishi_agent_reload(agent, error) && move_choices(agent, from, to, error);
}

gboolean
meishi_agent_set_renews(MeishiAgent *agent, MeishiIdentity *newer, MeishiIdentity *older,
                        GError **error)
{
    if (!meishi_agent_check_in_vault(newer, error) ||
        (older != NULL && !meishi_agent_check_in_vault(older, error)))
        return FALSE;
    if (older == NULL)
        return leave(agent, newer, error);
    return check_pair(newer, older, error) && join(agent, newer, older, error);
}
