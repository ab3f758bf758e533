/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Keeps one watch per module, and for each token that the watches see one use, as long as it stays.
 */
#include "daemon/token/tokens.h"

#include <string.h>

struct MeishiTokens {
    MeishiTokensOptions options;
    GPtrArray *watches; /* MeishiModuleWatch, in the order of the modules */
    GPtrArray *uses;    /* MeishiTokenUse */
};

static void
free_watch(gpointer watch)
{
    meishi_module_watch_free(watch);
}

MeishiTokens *
meishi_tokens_new(const MeishiTokensOptions *options)
{
    MeishiTokens *tokens = g_new0(MeishiTokens, 1);

    tokens->options = *options;
    tokens->watches = g_ptr_array_new_with_free_func(free_watch);
    tokens->uses = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_token_use_unref);
    return tokens;
}

void
meishi_tokens_free(MeishiTokens *tokens)
{
    if (tokens == NULL)
        return;
    for (guint i = 0; i < tokens->uses->len; i++)
        meishi_token_use_lose(tokens->uses->pdata[i]);
    g_ptr_array_unref(tokens->uses);
    g_ptr_array_unref(tokens->watches);
    g_free(tokens);
}

/* ---- tokens --------------------------------------------------------------------------------- */

static gboolean
is_same_token(const MeishiTokenContent *a, const MeishiTokenContent *b)
{
    return a->life == b->life && a->presence == b->presence && a->slot == b->slot &&
           strcmp(a->module, b->module) == 0;
}

static MeishiTokenUse *
find_use(GPtrArray *uses, const MeishiTokenContent *token)
{
    for (guint i = 0; i < uses->len; i++) {
        MeishiTokenUse *use = uses->pdata[i];

        if (!meishi_token_use_is_lost(use) && is_same_token(meishi_token_use_token(use), token))
            return use;
    }
    return NULL;
}

static void
collect(MeishiTokens *tokens, MeishiModuleWatch *watch, GPtrArray *uses)
{
    GPtrArray *states = meishi_module_watch_tokens(watch);

    for (guint i = 0; i < states->len; i++) {
        MeishiTokenContent *state = states->pdata[i];
        MeishiTokenUse *use = find_use(tokens->uses, state);

        if (use == NULL) {
            g_ptr_array_add(uses, meishi_token_use_new(watch, state));
        } else {
            meishi_token_use_set_token(use, state);
            g_ptr_array_add(uses, meishi_token_use_ref(use));
        }
    }
}

static void
lose_the_others(GPtrArray *old, GPtrArray *uses)
{
    for (guint i = 0; i < old->len; i++) {
        if (!g_ptr_array_find(uses, old->pdata[i], NULL))
            meishi_token_use_lose(old->pdata[i]);
    }
}

static void
update(MeishiTokens *tokens)
{
    g_autoptr(GPtrArray) old = tokens->uses;
    GPtrArray *uses = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_token_use_unref);

    for (guint i = 0; i < tokens->watches->len; i++)
        collect(tokens, tokens->watches->pdata[i], uses);
    tokens->uses = uses;
    lose_the_others(old, uses);
    tokens->options.changed(tokens->options.user_data);
}

GPtrArray *
meishi_tokens_list(const MeishiTokens *tokens)
{
    return tokens->uses;
}

/* ---- modules -------------------------------------------------------------------------------- */

static void
on_changed(MeishiModuleWatch *watch, gpointer user_data)
{
    update(user_data);
}

static void
on_trouble(MeishiModuleWatch *watch, const char *text, gpointer user_data)
{
    MeishiTokens *tokens = user_data;

    tokens->options.trouble(meishi_module_watch_name(watch), text, tokens->options.user_data);
}

static void
on_said(MeishiModuleWatch *watch, const char *line, gpointer user_data)
{
    MeishiTokens *tokens = user_data;

    tokens->options.said(meishi_module_watch_name(watch), line, tokens->options.user_data);
}

static MeishiModuleWatch *
start_watch(MeishiTokens *tokens, const MeishiTokenModule *module)
{
    const MeishiModuleWatchOptions options = {
        .changed = on_changed, .trouble = on_trouble, .said = on_said, .user_data = tokens};

    return meishi_module_watch_new(module, &options);
}

/* Takes the watch of @module out of @watches; NULL: it does not run, or not so. */
static MeishiModuleWatch *
take_watch(GPtrArray *watches, const MeishiTokenModule *module)
{
    for (guint i = 0; i < watches->len; i++) {
        MeishiModuleWatch *watch = watches->pdata[i];

        if (meishi_module_watch_is_for(watch, module))
            return g_ptr_array_steal_index(watches, i);
    }
    return NULL;
}

void
meishi_tokens_set_modules(MeishiTokens *tokens, GPtrArray *modules)
{
    g_autoptr(GPtrArray) old = tokens->watches;

    tokens->watches = g_ptr_array_new_with_free_func(free_watch);
    for (guint i = 0; i < modules->len; i++) {
        MeishiModuleWatch *watch = take_watch(old, modules->pdata[i]);

        if (watch == NULL)
            watch = start_watch(tokens, modules->pdata[i]);
        g_ptr_array_add(tokens->watches, watch);
    }
    /* While the watches that end are still there, for what they are still asked. */
    update(tokens);
}

GPtrArray *
meishi_tokens_modules(const MeishiTokens *tokens)
{
    return tokens->watches;
}

MeishiModuleWatch *
meishi_tokens_find_watch(const MeishiTokens *tokens, const char *module)
{
    for (guint i = 0; i < tokens->watches->len; i++) {
        MeishiModuleWatch *watch = tokens->watches->pdata[i];

        if (strcmp(meishi_module_watch_name(watch), module) == 0)
            return watch;
    }
    return NULL;
}

gboolean
meishi_tokens_are_settled(const MeishiTokens *tokens)
{
    for (guint i = 0; i < tokens->watches->len; i++) {
        if (!meishi_module_watch_is_settled(tokens->watches->pdata[i]))
            return FALSE;
    }
    return TRUE;
}

void
meishi_tokens_refresh(MeishiTokens *tokens)
{
    for (guint i = 0; i < tokens->watches->len; i++)
        meishi_module_watch_refresh(tokens->watches->pdata[i]);
}
