/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which modules run: all of a set of places that policy does not forbid, read again when the person
 * adds one or takes one away, and when policy changes.  What may be loaded is decided in
 * daemon/token/modules.c.
 */
#include "daemon/agent/token-shelf.h"

#include "daemon/base/error.h"
#include "daemon/token/module-trial.h"

/* ---- loading --------------------------------------------------------------------------------- */

/* @strings (char *, may be NULL) and then those of @more, NULL-terminated; borrowed. */
static GPtrArray *
join(const char *const *strings, const GPtrArray *more)
{
    GPtrArray *joined = g_ptr_array_new();

    for (; strings != NULL && *strings != NULL; strings++)
        g_ptr_array_add(joined, (gpointer)*strings);
    for (guint i = 0; more != NULL && i < more->len; i++)
        g_ptr_array_add(joined, more->pdata[i]);
    g_ptr_array_add(joined, NULL);
    return joined;
}

/* The places as policy leaves them. */
typedef struct {
    MeishiTokenPlaces places;
    GPtrArray *allowed, *denied;
} Effective;

static void
effective_clear(Effective *effective)
{
    g_ptr_array_unref(effective->allowed);
    g_ptr_array_unref(effective->denied);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Effective, effective_clear)

static void
effective_init(Effective *effective, const MeishiAgent *agent)
{
    const MeishiModuleRules *rules = &meishi_rulebook_set(agent->rulebook)->modules;
    MeishiTokenPlaces *places = &effective->places;

    *places = agent->token_places;
    effective->allowed = join(places->allowed, rules->allow);
    effective->denied = join(places->denied, rules->deny);
    places->allowed = (const char *const *)effective->allowed->pdata;
    places->denied = (const char *const *)effective->denied->pdata;
    if (rules->no_p11_kit)
        places->package_dir = places->system_dir = places->system_conf = places->user_dir =
            places->user_conf = NULL;
}

static void
load(MeishiAgent *agent)
{
    g_autoptr(GPtrArray) remarks = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) modules = NULL;
    g_auto(Effective) effective = {0};

    effective_init(&effective, agent);
    modules = meishi_token_modules_list(&effective.places, remarks);
    for (guint i = 0; i < remarks->len; i++)
        g_signal_emit_by_name(agent, "token-trouble", remarks->pdata[i]);
    meishi_module_rules_clear(&agent->module_rules);
    meishi_module_rules_merge(&agent->module_rules, &meishi_rulebook_set(agent->rulebook)->modules,
                              FALSE);
    meishi_agent_set_token_modules(agent, modules);
}

static void
on_policy_reloaded(MeishiAgent *agent, gpointer unused)
{
    if (!meishi_module_rules_equal(&agent->module_rules,
                                   &meishi_rulebook_set(agent->rulebook)->modules))
        load(agent);
}

void
meishi_agent_set_token_places(MeishiAgent *agent, const MeishiTokenPlaces *places)
{
    agent->token_places = *places;
    g_signal_handlers_disconnect_by_func(agent, on_policy_reloaded, NULL);
    g_signal_connect(agent, "policy-reloaded", G_CALLBACK(on_policy_reloaded), NULL);
    load(agent);
}

/* ---- adding ---------------------------------------------------------------------------------- */

static gboolean
check_places(const MeishiAgent *agent, GError **error)
{
    if (agent->token_places.added_dir != NULL)
        return TRUE;
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_UNAVAILABLE,
                "This daemon takes no modules of PKCS#11.");
    return FALSE;
}

/* The path is the task's data. */
static void
on_tried(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    MeishiAgent *agent = g_task_get_source_object(task);
    g_auto(Effective) effective = {0};
    GError *error = NULL;

    effective_init(&effective, agent);
    if (!meishi_module_trial_finish(result, &error)) {
        if (g_error_matches(error, MEISHI_ERROR, MEISHI_ERROR_UNAVAILABLE))
            g_prefix_error(&error, "It was not added: connect what it is for and try again. ");
        g_task_return_error(task, error);
    } else if (!meishi_token_modules_add(&effective.places, g_task_get_task_data(task), &error)) {
        g_task_return_error(task, error);
    } else {
        load(agent);
        g_task_return_boolean(task, TRUE);
    }
}

void
meishi_agent_add_token_module_async(MeishiAgent *agent, const char *path,
                                    GAsyncReadyCallback callback, gpointer user_data)
{
    g_autoptr(GTask) task = g_task_new(agent, NULL, callback, user_data);
    g_auto(Effective) effective = {0};
    GError *error = NULL;
    char *real = NULL;

    effective_init(&effective, agent);
    if (!check_places(agent, &error) ||
        !meishi_token_modules_check_new(&effective.places, path, &real, &error)) {
        g_task_return_error(task, error);
        return;
    }
    g_task_set_task_data(task, real, g_free);
    meishi_module_trial_async(real, on_tried, g_object_ref(task));
}

gboolean
meishi_agent_add_token_module_finish(MeishiAgent *agent, GAsyncResult *result, GError **error)
{
    return g_task_propagate_boolean(G_TASK(result), error);
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

/* ---- what runs ------------------------------------------------------------------------------- */

void
meishi_module_view_free(MeishiModuleView *view)
{
    if (view == NULL)
        return;
    g_free(view->name);
    g_free(view->path);
    g_free(view->trouble);
    g_free(view);
}

static MeishiModuleView *
view_new(const MeishiModuleWatch *watch)
{
    MeishiModuleView *view = g_new0(MeishiModuleView, 1);
    MeishiModuleFacts facts;

    meishi_module_watch_look_at(watch, &facts);
    view->name = g_strdup(meishi_module_watch_name(watch));
    view->path = g_strdup(meishi_module_watch_path(watch));
    view->state = facts.is_running ? "running" : facts.next_try != 0 ? "failed" : "starting";
    view->trouble = g_strdup(facts.trouble);
    view->next_try = facts.next_try;
    view->n_tokens = meishi_module_watch_tokens(watch)->len;
    return view;
}

GPtrArray *
meishi_agent_list_token_modules(MeishiAgent *agent, GPtrArray *remarks)
{
    GPtrArray *views = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_module_view_free);
    GPtrArray *watches = agent->shelf != NULL ? meishi_tokens_modules(agent->shelf->tokens) : NULL;
    g_auto(Effective) effective = {0};

    for (guint i = 0; watches != NULL && i < watches->len; i++)
        g_ptr_array_add(views, view_new(watches->pdata[i]));
    effective_init(&effective, agent);
    g_ptr_array_unref(meishi_token_modules_list(&effective.places, remarks));
    return views;
}
