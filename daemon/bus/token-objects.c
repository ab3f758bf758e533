/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Token objects have no life of their own: at each change the list of tokens is made anew, and the
 * objects follow it.  What a role holds is worked out for a program of no particular kind; for a
 * particular one it may be something else (daemon/agent/presentation.h).
 */
#include "daemon/bus/token-objects.h"

#include "daemon/base/error.h"
#include "daemon/bus/agent1.h"
#include "daemon/bus/call.h"
#include "daemon/bus/caller.h"
#include "daemon/bus/door.h"
#include "daemon/bus/identity-object.h"
#include "daemon/bus/token-pin.h"
#include "daemon/bus/token-setup.h"
#include "daemon/policy/candidate.h"
#include "daemon/token/uri.h"

#define TOKENS MEISHI_BUS_PATH "/token/"

/* What an object shows. */
typedef struct {
    char *path;
    const char *label;
    const char *role; /* "" for all but roles */
    gboolean is_present;
    char *identity;              /* object path */
    const MeishiTokenView *view; /* of a card or token; NULL */
} Token;

static void
free_token(gpointer data)
{
    Token *token = data;

    g_free(token->path);
    g_free(token->identity);
    g_free(token);
}

/* ---- what there is --------------------------------------------------------------------------- */

static gboolean
has_identity(GPtrArray *identities, const char *token_label)
{
    for (guint i = 0; i < identities->len; i++) {
        const MeishiIdentity *identity = identities->pdata[i];

        if (g_strcmp0(identity->token_label, token_label) == 0)
            return TRUE;
    }
    return FALSE;
}

/* As daemon/server shows them: the first always, the other while there is something in it. */
static void
add_vault_tokens(GPtrArray *tokens, MeishiAgent *agent)
{
    const struct {
        const char *name;
        const char *label;
        gboolean is_always_present;
    } kinds[] = {
        {"vault", MEISHI_TOKEN_LABEL, TRUE},
        {"vault_eddsa", MEISHI_TOKEN_LABEL_EDDSA, FALSE},
    };
    g_autoptr(GPtrArray) identities = meishi_agent_list(agent);

    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        Token *token = g_new0(Token, 1);

        token->path = g_strconcat(TOKENS, kinds[i].name, NULL);
        token->label = kinds[i].label;
        token->role = "";
        token->is_present = kinds[i].is_always_present || has_identity(identities, token->label);
        token->identity = g_strdup("/");
        g_ptr_array_add(tokens, token);
    }
}

/* A name may hold what a path may not: such bytes become "_" and two hex digits. */
static char *
escape(const char *name)
{
    GString *text = g_string_new(NULL);

    for (const char *at = name; *at != '\0'; at++) {
        if (g_ascii_isalnum(*at))
            g_string_append_c(text, *at);
        else
            g_string_append_printf(text, "_%02x", (guint8)*at);
    }
    return g_string_free(text, FALSE);
}

MeishiPresentation *
meishi_token_objects_present(MeishiAgent *agent)
{
    g_autoptr(MeishiApplication) nobody = meishi_application_new_unknown();

    return meishi_agent_present(agent, nobody);
}

char *
meishi_token_objects_identity(const MeishiShownRole *role)
{
    return role->now != NULL ? meishi_identity_object_path(role->now->identity) : g_strdup("/");
}

static void
add_role_tokens(GPtrArray *tokens, const MeishiPresentation *presentation)
{
    for (guint i = 0; i < presentation->roles->len; i++) {
        const MeishiShownRole *role = presentation->roles->pdata[i];
        g_autofree char *name = escape(role->name);
        Token *token = g_new0(Token, 1);

        token->path = g_strconcat(TOKENS, "role_", name, NULL);
        token->label = role->label;
        token->role = role->name;
        token->is_present = role->now != NULL;
        token->identity = meishi_token_objects_identity(role);
        g_ptr_array_add(tokens, token);
    }
}

/* The number is the token's as long as the daemon runs, so that it comes back as the same object.
 */
static char *
path_of(const MeishiTokenView *view)
{
    return g_strdup_printf(TOKENS "hardware_%u", view->place->number);
}

static void
add_foreign_tokens(GPtrArray *tokens, const GPtrArray *views)
{
    for (guint i = 0; i < views->len; i++) {
        const MeishiTokenView *view = views->pdata[i];
        Token *token = g_new0(Token, 1);

        token->path = path_of(view);
        token->label = view->place->slot_label;
        token->role = "";
        token->is_present = view->place->is_present;
        token->identity = g_strdup("/");
        token->view = view;
        g_ptr_array_add(tokens, token);
    }
}

/* ---- what is shown --------------------------------------------------------------------------- */

/* Of a card or token, in the words of policy (Token-Kind). */
static const char *
kind_of(const Token *token)
{
    if (token->view != NULL)
        return meishi_candidate_token_kind_name(token->view->place->kind);
    return token->role[0] != '\0' ? "role" : "vault";
}

static void
fill_identities(MeishiBusToken *skeleton, const GPtrArray *identities)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    g_auto(GStrv) paths = NULL;

    for (guint i = 0; i < identities->len; i++) {
        g_autofree char *path = meishi_identity_object_path(identities->pdata[i]);

        g_strv_builder_add(builder, path);
    }
    paths = g_strv_builder_end(builder);
    meishi_bus_token_set_identities(skeleton, (const char *const *)paths);
}

static void
fill_hardware(MeishiBusToken *skeleton, const MeishiTokenView *view)
{
    const MeishiTokenPlace *place = view->place;
    const gboolean has_pin = !g_str_equal(view->pin, "none");

    g_object_set(skeleton, "pin-keep",
                 has_pin ? meishi_pin_keep_kind_name(view->pin_keep.kind) : "", "pin-minutes",
                 view->pin_keep.minutes, NULL);
    g_object_set(skeleton, "own-label", place->label, "manufacturer", view->maker, "model",
                 place->model, "serial-number", place->serial, "reader", place->reader, "module",
                 view->module, "pin", view->pin, "pin-pad", view->has_pin_pad, "logged-in",
                 view->is_logged_in, "last-seen", view->last_seen, NULL);
    fill_identities(skeleton, view->identities);
}

static void
fill(MeishiBusToken *skeleton, const Token *token)
{
    g_autofree char *uri = meishi_uri_format(token->label, NULL, 0, NULL);

    g_object_set(skeleton, "label", token->label, "kind", kind_of(token), "uri", uri, "present",
                 token->is_present, "role", token->role, "identity", token->identity, NULL);
    if (token->view != NULL)
        fill_hardware(skeleton, token->view);
}

/* The agent knows a token by its number, and who shows it here by its label. */
static gboolean
forget(MeishiAgent *agent, const char *label, GError **error)
{
    g_autoptr(GPtrArray) views = meishi_agent_list_tokens(agent);

    for (guint i = 0; i < views->len; i++) {
        const MeishiTokenPlace *place = ((const MeishiTokenView *)views->pdata[i])->place;

        if (g_str_equal(place->slot_label, label))
            return meishi_agent_forget_token(agent, place->number, error);
    }
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND,
                "“%s” is no card or token that could be forgotten.", label);
    return FALSE;
}

static gboolean
on_forget(MeishiBusToken *skeleton, GDBusMethodInvocation *invocation, gpointer agent)
{
    g_autofree char *label = meishi_bus_token_dup_label(skeleton);
    GError *error = NULL;
    gboolean ok = forget(agent, label, &error);

    meishi_call_answer(invocation, ok, error);
    return TRUE;
}

static void
show(GDBusObjectManagerServer *objects, MeishiAgent *agent, const Token *token)
{
    g_autoptr(GDBusObject) shown =
        g_dbus_object_manager_get_object(G_DBUS_OBJECT_MANAGER(objects), token->path);
    g_autoptr(MeishiBusToken) skeleton = NULL;
    g_autoptr(MeishiBusObjectSkeleton) object = NULL;

    if (shown != NULL) {
        skeleton = meishi_bus_object_get_token(MEISHI_BUS_OBJECT(shown));
        fill(skeleton, token);
        return;
    }
    skeleton = meishi_bus_token_skeleton_new();
    object = meishi_bus_object_skeleton_new(token->path);
    fill(skeleton, token);
    meishi_token_pin_connect(skeleton, agent);
    meishi_token_setup_connect(skeleton, agent);
    g_signal_connect(skeleton, "handle-forget", G_CALLBACK(on_forget), agent);
    meishi_caller_guard(G_DBUS_INTERFACE_SKELETON(skeleton));
    meishi_bus_object_skeleton_set_token(object, skeleton);
    g_dbus_object_manager_server_export(objects, G_DBUS_OBJECT_SKELETON(object));
}

static gboolean
is_listed(GPtrArray *tokens, const char *path)
{
    for (guint i = 0; i < tokens->len; i++) {
        if (g_str_equal(((Token *)tokens->pdata[i])->path, path))
            return TRUE;
    }
    return FALSE;
}

static void
hide_others(GDBusObjectManagerServer *objects, GPtrArray *tokens)
{
    GList *shown = g_dbus_object_manager_get_objects(G_DBUS_OBJECT_MANAGER(objects));

    for (GList *at = shown; at != NULL; at = at->next) {
        const char *path = g_dbus_object_get_object_path(at->data);

        if (g_str_has_prefix(path, TOKENS) && !is_listed(tokens, path))
            g_dbus_object_manager_server_unexport(objects, path);
    }
    g_list_free_full(shown, g_object_unref);
}

void
meishi_token_objects_update(GDBusObjectManagerServer *objects, MeishiAgent *agent)
{
    g_autoptr(MeishiPresentation) presentation = meishi_token_objects_present(agent);
    g_autoptr(GPtrArray) views = meishi_agent_list_tokens(agent);
    g_autoptr(GPtrArray) tokens = g_ptr_array_new_with_free_func(free_token);

    add_vault_tokens(tokens, agent);
    add_role_tokens(tokens, presentation);
    add_foreign_tokens(tokens, views);
    for (guint i = 0; i < tokens->len; i++)
        show(objects, agent, tokens->pdata[i]);
    hide_others(objects, tokens);
}

char *
meishi_token_objects_label(MeishiAgent *agent, const char *path, GError **error)
{
    g_autoptr(GPtrArray) views = meishi_agent_list_tokens(agent);

    for (guint i = 0; i < views->len; i++) {
        const MeishiTokenView *view = views->pdata[i];
        g_autofree char *its = path_of(view);

        if (g_str_equal(its, path))
            return g_strdup(view->place->slot_label);
    }
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND, "%s is no card or token.", path);
    return NULL;
}
