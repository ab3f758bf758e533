/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Firefox's policies.json; see policy-firefox.h.
 */
#include "cli/policy-firefox.h"

#include "cli/policy-json.h"
#include "cli/policy-writer.h"
#include "daemon/base/error.h"

#include <string.h>

#define PREFERENCE "security.default_personal_cert"
#define AUTOMATIC  "Select Automatically"
#define ASK        "Ask Every Time"

/* However it was installed. */
#define FIREFOX                                                                 \
    "flatpak:org.mozilla.firefox;snap:firefox;exe:/usr/lib*/firefox*/firefox*;" \
    "exe:/opt/firefox*/firefox*"

/* ---- to rules ---------------------------------------------------------------------------------
 */

static gboolean
is_our_module(const char *path)
{
    g_autofree char *name = g_path_get_basename(path);

    return g_str_equal(name, "meishi-pkcs11.so") || g_str_equal(name, "p11-kit-proxy.so");
}

/* Firefox 114 has "Add" and "Delete"; before it the names stood in SecurityDevices itself. */
static gboolean
loads_our_module(JsonNode *devices)
{
    JsonObject *object = JSON_NODE_HOLDS_OBJECT(devices) ? json_node_get_object(devices) : NULL;
    JsonObject *add = object != NULL ? meishi_policy_json_object(object, "Add") : NULL;
    g_autoptr(GList) names = NULL;

    object = add != NULL ? add : object;
    if (object == NULL)
        return FALSE;
    names = json_object_get_members(object);
    for (GList *name = names; name != NULL; name = name->next) {
        const char *path = meishi_policy_json_string(object, name->data);

        if (path != NULL && is_our_module(path))
            return TRUE;
    }
    return FALSE;
}

/* The preference's value, which is a string or, in its newer form, an object with one. @ret_locked:
 * the person cannot change it. */
static const char *
find_preference(JsonNode *root, gboolean *ret_locked)
{
    JsonNode *preferences = meishi_policy_json_find(root, "Preferences");
    JsonObject *object = preferences != NULL && JSON_NODE_HOLDS_OBJECT(preferences)
                             ? json_node_get_object(preferences)
                             : NULL;
    JsonObject *wrapped = object ? meishi_policy_json_object(object, PREFERENCE) : NULL;
    const char *status = wrapped ? meishi_policy_json_string(wrapped, "Status") : NULL;

    *ret_locked = g_strcmp0(status, "locked") == 0;
    if (wrapped != NULL)
        return meishi_policy_json_string(wrapped, "Value");
    return object != NULL ? meishi_policy_json_string(object, PREFERENCE) : NULL;
}

static void
write_automatic(GString *out, gboolean is_locked)
{
    g_string_append(out, "\n[Rule firefox-select-automatically]\n"
                         "Match-Application=" FIREFOX "\n"
                         "Match-Application-Trust=exe\n"
                         "Action=select\n"
                         "On-Multiple=best\n");
    if (is_locked)
        g_string_append(out, "\n[Lock]\nKeys=Rule firefox-select-automatically/*\n");
}

char *
meishi_policy_firefox_import(const char *text, gsize len, GPtrArray *losses, GPtrArray *notes,
                             GError **error)
{
    g_autoptr(JsonNode) root = meishi_policy_json_parse(text, len, error);
    JsonNode *devices;
    const char *value;
    gboolean is_locked;
    GString *out;

    if (root == NULL)
        return NULL;
    if (!JSON_NODE_HOLDS_OBJECT(root) ||
        !json_object_has_member(json_node_get_object(root), "policies")) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_BAD_FILE,
                    "It is no policies.json of Firefox: it has no member “policies”.");
        return NULL;
    }
    devices = meishi_policy_json_find(root, "SecurityDevices");
    g_ptr_array_add(notes, g_strdup(devices != NULL && loads_our_module(devices)
                                        ? "Firefox is told to load our module."
                                        : "Nothing in it tells Firefox to load our module."));
    value = find_preference(root, &is_locked);
    out = meishi_policy_writer_begin("Firefox's policies.json");
    if (g_strcmp0(value, AUTOMATIC) == 0)
        write_automatic(out, is_locked);
    else if (value != NULL && !g_str_equal(value, ASK))
        g_ptr_array_add(losses, g_strdup(PREFERENCE " has a value that Firefox does not know "
                                                    "either"));
    return meishi_policy_writer_end(out, error);
}

/* ---- from rules -------------------------------------------------------------------------------
 */

static void
add_devices(JsonBuilder *json, const char *module)
{
    json_builder_set_member_name(json, "SecurityDevices");
    json_builder_begin_object(json);
    json_builder_set_member_name(json, "Add");
    json_builder_begin_object(json);
    json_builder_set_member_name(json, "Meishi");
    json_builder_add_string_value(json, module);
    json_builder_end_object(json);
    json_builder_end_object(json);
}

static void
add_preference(JsonBuilder *json)
{
    json_builder_set_member_name(json, "Preferences");
    json_builder_begin_object(json);
    json_builder_set_member_name(json, PREFERENCE);
    json_builder_begin_object(json);
    json_builder_set_member_name(json, "Value");
    json_builder_add_string_value(json, AUTOMATIC);
    json_builder_set_member_name(json, "Status");
    json_builder_add_string_value(json, "default");
    json_builder_end_object(json);
    json_builder_end_object(json);
}

/* A rule that selects wherever a program goes: what it selects is shown before all else, so that
 * who takes the first that fits takes that. */
static gboolean
is_for_everywhere(const MeishiRule *rule)
{
    const MeishiRuleTarget *target = &rule->target;

    return rule->action == MEISHI_ACTION_SELECT && target->hosts == NULL && target->ports == NULL &&
           target->protocols == NULL && target->acceptable_cas == MEISHI_CAS_ANY &&
           (rule->on_multiple == MEISHI_MANY_UNSET || rule->on_multiple == MEISHI_MANY_BEST);
}

/* Constraints hold by the daemon; a preference can only be what Firefox does everywhere. */
static void
note_losses(const MeishiPolicySet *set, gboolean automatic, GPtrArray *losses)
{
    for (guint i = 0; i < set->rules->len; i++) {
        const MeishiRule *rule = g_ptr_array_index(set->rules, i);

        if (meishi_rule_has_preference(rule) && !(automatic && is_for_everywhere(rule)))
            g_ptr_array_add(losses,
                            g_strdup_printf("rule %s (%s:%u): Firefox has no rules for sites",
                                            rule->name, rule->file, rule->line));
    }
}

char *
meishi_policy_firefox_export(const MeishiPolicySet *set, const char *module, gboolean automatic,
                             GPtrArray *losses)
{
    g_autoptr(JsonBuilder) json = json_builder_new();
    g_autoptr(JsonNode) root = NULL;

    json_builder_begin_object(json);
    json_builder_set_member_name(json, "policies");
    json_builder_begin_object(json);
    add_devices(json, module);
    if (automatic)
        add_preference(json);
    json_builder_end_object(json);
    json_builder_end_object(json);
    note_losses(set, automatic, losses);
    root = json_builder_get_root(json);
    return meishi_policy_json_format(root, TRUE);
}
