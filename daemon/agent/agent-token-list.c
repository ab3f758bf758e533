/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The tokens that are there and those that were, for people who want to know what the daemon sees.
 * What lies on them and what they are used for is in agent-tokens.c and agent-token-use.c.
 */
#include "daemon/agent/token-keep.h"

void
meishi_token_view_free(MeishiTokenView *view)
{
    if (view == NULL)
        return;
    meishi_token_place_unref(view->place);
    g_ptr_array_unref(view->identities);
    g_free(view->maker);
    g_free(view->module);
    g_free(view);
}

/* PKCS#11 2.40 section 4.4, table 6: the flags of CK_TOKEN_INFO about the PIN. */
static const char *
name_pin_state(const MeishiTokenUse *use)
{
    const MeishiTokenContent *token = meishi_token_use_token(use);

    if (!meishi_token_content_is_initialized(token))
        return "uninitialized";
    if (!meishi_token_content_needs_login(token))
        return "none";
    switch (meishi_token_use_pin_tries(use)) {
    case MEISHI_PIN_LOW:
        return "few";
    case MEISHI_PIN_LAST_TRY:
        return "last";
    case MEISHI_PIN_BLOCKED:
        return "locked";
    case MEISHI_PIN_UNKNOWN:
        break;
    }
    return "ok";
}

/* Those whose key is used here: one that is in the vault as well is the vault's. */
static GPtrArray *
list_identities(const MeishiAgent *agent, const MeishiTokenPlace *place)
{
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_identity_unref);

    for (guint i = 0; i < agent->identities->len; i++) {
        MeishiIdentity *identity = agent->identities->pdata[i];

        if (identity->place == place)
            g_ptr_array_add(list, meishi_identity_ref(identity));
    }
    return list;
}

static MeishiTokenView *
view_new(const MeishiAgent *agent, const MeishiTokenLock *lock)
{
    const MeishiTokenContent *token = meishi_token_use_token(lock->use);
    MeishiTokenView *view = g_new0(MeishiTokenView, 1);

    view->place = meishi_token_place_ref(lock->place);
    view->maker = g_strdup(token->maker);
    view->module = g_strdup(token->module);
    view->pin = name_pin_state(lock->use);
    view->has_pin_pad = meishi_token_content_has_pin_pad(token);
    view->is_logged_in = meishi_token_use_is_logged_in(lock->use);
    view->pin_keep = meishi_token_keep_in_force(lock->agent, lock->known);
    view->last_seen = meishi_agent_now();
    view->identities = list_identities(agent, lock->place);
    return view;
}

static MeishiTokenView *
view_of_away(MeishiAgent *agent, const MeishiKnownToken *known)
{
    MeishiTokenView *view = g_new0(MeishiTokenView, 1);

    view->place = meishi_token_place_ref(meishi_token_seat_remember(agent->shelf, known));
    view->maker = g_strdup(known->facts->manufacturer);
    view->module = g_strdup(known->facts->module);
    view->pin = "";
    view->pin_keep = meishi_token_keep_in_force(agent, known);
    view->last_seen = known->facts->last_seen;
    view->identities = list_identities(agent, view->place);
    return view;
}

GPtrArray *
meishi_agent_list_tokens(MeishiAgent *agent)
{
    GPtrArray *views = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_token_view_free);
    GPtrArray *known = meishi_token_book_list(agent->token_book);

    if (agent->shelf == NULL)
        return views;
    for (guint i = 0; i < agent->shelf->locks->len; i++)
        g_ptr_array_add(views, view_new(agent, agent->shelf->locks->pdata[i]));
    for (guint i = 0; i < known->len; i++) {
        const MeishiKnownToken *one = known->pdata[i];

        if (!one->is_there)
            g_ptr_array_add(views, view_of_away(agent, one));
    }
    return views;
}
