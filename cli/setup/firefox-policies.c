/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * {"policies": {"SecurityDevices": {"Add": {"Meishi": PATH}}}}, merged into what an administrator
 * has there.  Before Firefox 114 the names stood in SecurityDevices itself; a file that is written
 * that way stays so, because Firefox reads one of the two forms.
 */
#include "cli/setup/firefox-policies.h"

#include "cli/policy-json.h"
#include "cli/setup/text-lines.h"
#include "daemon/base/error.h"

#include <string.h>

#define NAME "Meishi"

static const char *const new_form[] = {"Add", "Delete", NULL};

static void
fail(GError **error, const char *what)
{
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_BAD_FILE,
                "“%s” is no object there; Firefox would pass it over.", what);
}

/* A copy that can be changed: what the parser gives is immutable. */
static JsonObject *
copy_object(JsonObject *object)
{
    JsonObject *copy = json_object_new();
    g_autoptr(GList) names = json_object_get_members(object);

    for (GList *name = names; name != NULL; name = name->next) {
        JsonNode *member = json_object_get_member(object, name->data);

        if (JSON_NODE_HOLDS_OBJECT(member))
            json_object_set_object_member(copy, name->data,
                                          copy_object(json_node_get_object(member)));
        else
            json_object_set_member(copy, name->data, json_node_copy(member));
    }
    return copy;
}

static JsonObject *
parse(const char *text, GError **error)
{
    g_autoptr(JsonNode) root = NULL;

    if (text[0] == '\0')
        return json_object_new();
    root = meishi_policy_json_parse(text, strlen(text), error);
    if (root == NULL)
        return NULL;
    if (JSON_NODE_HOLDS_OBJECT(root))
        return copy_object(json_node_get_object(root));
    fail(error, "the whole");
    return NULL;
}

/* json-glib reads escapes that JSON does not have ("\274"), and writes what they make. */
static char *
format(JsonObject *root, GError **error)
{
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
    g_autofree char *text = NULL;

    json_node_set_object(node, root);
    text = meishi_policy_json_format(node, TRUE);
    if (g_utf8_validate(text, -1, NULL))
        return g_steal_pointer(&text);
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_BAD_FILE,
                "It is not JSON: a string has an escape that JSON does not have.");
    return NULL;
}

/* Member @name of @parent, made where it is missing; borrowed. */
static JsonObject *
descend(JsonObject *parent, const char *name, GError **error)
{
    if (!json_object_has_member(parent, name))
        json_object_set_object_member(parent, name, json_object_new());
    if (meishi_policy_json_object(parent, name) == NULL)
        fail(error, name);
    return meishi_policy_json_object(parent, name);
}

static gboolean
has_new_form(JsonObject *devices)
{
    for (guint i = 0; new_form[i] != NULL; i++) {
        if (json_object_has_member(devices, new_form[i]))
            return TRUE;
    }
    return json_object_get_size(devices) == 0;
}

/* Where names of modules stand in SecurityDevices; borrowed. */
static JsonObject *
descend_to_modules(JsonObject *devices, GError **error)
{
    return has_new_form(devices) ? descend(devices, "Add", error) : devices;
}

/* The names under which @modules has a library of ours. */
static GList *
list_ours(JsonObject *modules)
{
    g_autoptr(GList) names = json_object_get_members(modules);
    GList *ours = NULL;

    for (GList *name = names; name != NULL; name = name->next) {
        const char *path = meishi_policy_json_string(modules, name->data);

        if (path != NULL && meishi_text_is_our_module(path))
            ours = g_list_prepend(ours, name->data);
    }
    return g_list_reverse(ours);
}

static void
remove_ours(JsonObject *modules)
{
    GList *ours;

    /* One by one: each name belongs to its member. */
    while ((ours = list_ours(modules)) != NULL) {
        json_object_remove_member(modules, ours->data);
        g_list_free(ours);
    }
}

gboolean
meishi_firefox_policies_find(const char *text, char **ret_module, GError **error)
{
    g_autoptr(JsonObject) root = parse(text, error);
    JsonObject *policies, *devices, *modules;
    g_autoptr(GList) ours = NULL;

    if (root == NULL)
        return FALSE;
    policies = descend(root, "policies", error);
    devices = policies != NULL ? descend(policies, "SecurityDevices", error) : NULL;
    modules = devices != NULL ? descend_to_modules(devices, error) : NULL;
    if (modules == NULL)
        return FALSE;
    ours = list_ours(modules);
    *ret_module = ours != NULL ? g_strdup(meishi_policy_json_string(modules, ours->data)) : NULL;
    return TRUE;
}

char *
meishi_firefox_policies_add(const char *text, const char *module, GError **error)
{
    g_autoptr(JsonObject) root = parse(text, error);
    JsonObject *policies, *devices, *modules;

    if (root == NULL)
        return NULL;
    policies = descend(root, "policies", error);
    devices = policies != NULL ? descend(policies, "SecurityDevices", error) : NULL;
    modules = devices != NULL ? descend_to_modules(devices, error) : NULL;
    if (modules == NULL)
        return NULL;
    remove_ours(modules);
    json_object_set_string_member(modules, NAME, module);
    return format(root, error);
}

/* Takes @name out of @parent where it is an empty object; FALSE where something stays. */
static gboolean
prune(JsonObject *parent, const char *name)
{
    JsonObject *child = parent != NULL ? meishi_policy_json_object(parent, name) : NULL;

    if (child == NULL || json_object_get_size(child) > 0)
        return FALSE;
    json_object_remove_member(parent, name);
    return TRUE;
}

char *
meishi_firefox_policies_remove(const char *text, GError **error)
{
    g_autoptr(JsonObject) root = parse(text, error);
    JsonObject *policies, *devices, *modules;

    if (root == NULL)
        return NULL;
    policies = meishi_policy_json_object(root, "policies");
    devices = policies != NULL ? meishi_policy_json_object(policies, "SecurityDevices") : NULL;
    modules = devices != NULL ? descend_to_modules(devices, error) : NULL;
    if (modules == NULL && devices != NULL)
        return NULL;
    if (modules != NULL)
        remove_ours(modules);
    if (devices != NULL)
        (void)prune(devices, "Add");
    if (policies != NULL && prune(policies, "SecurityDevices"))
        (void)prune(root, "policies");
    return format(root, error);
}
