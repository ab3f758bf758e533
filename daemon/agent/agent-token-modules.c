/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which modules run: all of a set of places, read again when the person adds one or takes one away.
 * What may be loaded is decided in daemon/token/modules.c.
 */
#include "daemon/agent/token-shelf.h"

#include "daemon/base/error.h"

static void
load(MeishiAgent *agent)
{
    g_autoptr(GPtrArray) remarks = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) modules = meishi_token_modules_list(&agent->token_places, remarks);

    for (guint i = 0; i < remarks->len; i++)
        g_signal_emit_by_name(agent, "token-trouble", remarks->pdata[i]);
    meishi_agent_set_token_modules(agent, modules);
}

void
meishi_agent_set_token_places(MeishiAgent *agent, const MeishiTokenPlaces *places)
{
    agent->token_places = *places;
    load(agent);
}

static gboolean
check_places(const MeishiAgent *agent, GError **error)
{
    if (agent->token_places.added_dir != NULL)
        return TRUE;
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_UNAVAILABLE,
                "This daemon takes no modules of PKCS#11.");
    return FALSE;
}

gboolean
meishi_agent_add_token_module(MeishiAgent *agent, const char *path, GError **error)
{
    if (!check_places(agent, error) || !meishi_token_modules_add(&agent->token_places, path, error))
        return FALSE;
    load(agent);
    return TRUE;
}

gboolean
meishi_agent_remove_token_module(MeishiAgent *agent, const char *path, GError **error)
{
    if (!check_places(agent, error) ||
        !meishi_token_modules_remove(&agent->token_places, path, error))
        return FALSE;
    load(agent);
    return TRUE;
}
