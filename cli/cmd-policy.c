/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * meishi policy: the group, and `show`, which asks the daemon what is in force.  What works without
 * a daemon is in the other cmd-policy files.
 */
#include "cli/client.h"
#include "cli/command.h"
#include "daemon/asking/dict.h"
#include "cli/json.h"
#include "cli/style.h"
#include "cli/text.h"

#include <string.h>
#include <unistd.h>

/* ---- show -------------------------------------------------------------------------------------
 */

/* What the daemon says, each of type aa{sv}. */
typedef struct {
    guint64 generation;
    gboolean failed;
    GVariant *rules;
    GVariant *roles;
    GVariant *remarks;
} Described;

static void
described_clear(Described *described)
{
    g_clear_pointer(&described->rules, g_variant_unref);
    g_clear_pointer(&described->roles, g_variant_unref);
    g_clear_pointer(&described->remarks, g_variant_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Described, described_clear)

static gboolean
describe(MeishiClient *client, Described *ret_described, GError **error)
{
    g_autoptr(MeishiBusPolicy) policy = meishi_bus_policy_proxy_new_sync(
        client->connection, G_DBUS_PROXY_FLAGS_NONE, NULL, "/org/meishi/Agent1", NULL, error);

    if (policy == NULL ||
        !meishi_bus_policy_call_describe_sync(policy, &ret_described->rules, &ret_described->roles,
                                              &ret_described->remarks, NULL, error))
        return meishi_client_failed(error);
    ret_described->generation = meishi_bus_policy_get_generation(policy);
    ret_described->failed = meishi_bus_policy_get_failed(policy);
    return TRUE;
}

/* Cleaned; "" where the daemon says nothing. */
static char *
get_text(GVariant *dict, const char *name)
{
    return meishi_text_clean(meishi_dict_text(dict, name));
}

static void
print_styled(MeishiStyle style, const char *text)
{
    g_print("%s%s%s", meishi_style_on(style, STDOUT_FILENO), text,
            meishi_style_off(style, STDOUT_FILENO));
}

static void
print_lines(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (char **line = lines; *line != NULL; line++) {
        g_autofree char *clean = meishi_text_clean(*line);

        g_print("      %s\n", clean);
    }
}

static void
print_rule(GVariant *rule, char **file)
{
    g_autofree char *name = get_text(rule, "name");
    g_autofree char *path = get_text(rule, "file");
    g_autofree char *layer = get_text(rule, "layer");

    if (g_strcmp0(*file, path) != 0) {
        g_print("\n%s: ", layer);
        print_styled(MEISHI_STYLE_STRONG, path);
        g_print("\n");
        g_free(*file);
        *file = g_strdup(path);
    }
    g_print("  [Rule %s]  line %u%s\n", name, (guint)meishi_dict_number(rule, "line"),
            meishi_dict_flag(rule, "locked") ? ", locked" : "");
    print_lines(meishi_dict_text(rule, "text"));
}

static void
print_rules(GVariant *rules)
{
    g_autofree char *file = NULL;
    GVariantIter iter;
    GVariant *rule;

    g_variant_iter_init(&iter, rules);
    while ((rule = g_variant_iter_next_value(&iter)) != NULL) {
        print_rule(rule, &file);
        g_variant_unref(rule);
    }
}

static void
print_roles(GVariant *roles)
{
    GVariantIter iter;
    GVariant *role;

    if (g_variant_n_children(roles) > 0)
        g_print("\nRoles:\n");
    g_variant_iter_init(&iter, roles);
    while ((role = g_variant_iter_next_value(&iter)) != NULL) {
        g_autofree char *name = get_text(role, "name");
        g_autofree char *rule = get_text(role, "rule");
        g_autofree char *uri = get_text(role, "uri");
        const char *identity = "/";

        (void)!g_variant_lookup(role, "identity", "&o", &identity);
        g_print("  %s  rule %s  %s%s\n", name, rule, uri,
                g_str_equal(identity, "/") ? "  (empty)" : "");
        g_variant_unref(role);
    }
}

static void
print_remarks(GVariant *remarks)
{
    GVariantIter iter;
    GVariant *remark;

    if (g_variant_n_children(remarks) > 0)
        g_print("\nRemarks about the files:\n");
    g_variant_iter_init(&iter, remarks);
    while ((remark = g_variant_iter_next_value(&iter)) != NULL) {
        g_autofree char *severity = get_text(remark, "severity");
        g_autofree char *file = get_text(remark, "file");
        g_autofree char *group = get_text(remark, "group");
        g_autofree char *key = get_text(remark, "key");
        g_autofree char *message = get_text(remark, "message");
        guint line = (guint)meishi_dict_number(remark, "line");
        g_autofree char *at = line > 0 ? g_strdup_printf(":%u", line) : g_strdup("");

        g_print("  %s%s: %s: %s%s%s%s%s%s\n", *file ? file : "policy", at, severity,
                *group ? "[" : "", group, *group ? "] " : "", key, *key ? ": " : "", message);
        g_variant_unref(remark);
    }
}

static void
print_human(const Described *described)
{
    gsize n = g_variant_n_children(described->rules);

    g_print("Generation %" G_GUINT64_FORMAT " is in force: %" G_GSIZE_FORMAT " rule%s.\n",
            described->generation, n, n == 1 ? "" : "s");
    if (described->failed) {
        print_styled(MEISHI_STYLE_BAD, "The files on disk have errors and were not taken over.");
        g_print("\n");
    }
    print_rules(described->rules);
    print_roles(described->roles);
    print_remarks(described->remarks);
}

static void
add_variant(JsonBuilder *json, const char *name, GVariant *value)
{
    json_builder_set_member_name(json, name);
    json_builder_add_value(json, json_gvariant_serialize(value));
}

static void
print_json(const Described *described)
{
    g_autoptr(JsonBuilder) json = json_builder_new();

    json_builder_begin_object(json);
    meishi_json_number_member(json, "generation", (gint64)described->generation);
    json_builder_set_member_name(json, "failed");
    json_builder_add_boolean_value(json, described->failed);
    add_variant(json, "rules", described->rules);
    add_variant(json, "roles", described->roles);
    add_variant(json, "remarks", described->remarks);
    json_builder_end_object(json);
    meishi_json_print(json);
}

static gboolean
run_show(char **args, GError **error)
{
    g_autoptr(MeishiClient) client = meishi_client_connect(TRUE, error);
    g_auto(Described) described = {0};

    if (client == NULL || !describe(client, &described, error))
        return FALSE;
    if (meishi_command_json())
        print_json(&described);
    else
        print_human(&described);
    return TRUE;
}

const MeishiCommand meishi_command_policy_show = {
    .name = "show",
    .usage = "",
    .summary = "Show the rules in force",
    .text = "Shows the rules that the daemon goes by, file by file from the lowest layer to the "
            "highest, which of them are locked, the roles with their PKCS#11 URIs, and what was "
            "remarked about the files.",
    .example = "meishi policy show",
    .run = run_show,
};

/* ---- the group --------------------------------------------------------------------------------
 */

static const MeishiCommand *const subcommands[] = {
    &meishi_command_policy_check,
    &meishi_command_policy_show,
    &meishi_command_policy_explain,
    &meishi_command_policy_diff,
    &meishi_command_policy_import,
    &meishi_command_policy_export,
    NULL,
};

const MeishiCommand meishi_command_policy = {
    .name = "policy",
    .usage = "COMMAND",
    .summary = "Check, show, try and convert the rules of policy files",
    .text = "Policy files say which identity goes to which server; meishi-policy(5) describes "
            "them. Only `show` needs the daemon.",
    .subcommands = subcommands,
};
