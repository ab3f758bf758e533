/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reads Policy.Describe and counts.
 */
#include "cli/policy-state.h"

#include "cli/json.h"

static guint
count_severity(GVariant *remarks, const char *severity)
{
    guint n = 0;

    for (gsize i = 0; i < g_variant_n_children(remarks); i++) {
        g_autoptr(GVariant) remark = g_variant_get_child_value(remarks, i);
        const char *text;

        if (g_variant_lookup(remark, "severity", "&s", &text) && g_str_equal(text, severity))
            n++;
    }
    return n;
}

gboolean
meishi_policy_state_read(MeishiClient *client, MeishiPolicyState *ret_state, GError **error)
{
    g_autoptr(MeishiBusPolicy) policy = meishi_bus_policy_proxy_new_sync(
        client->connection, G_DBUS_PROXY_FLAGS_NONE, NULL, "/org/meishi/Agent1", NULL, error);
    g_autoptr(GVariant) rules = NULL;
    g_autoptr(GVariant) roles = NULL;
    g_autoptr(GVariant) remarks = NULL;

    if (policy == NULL ||
        !meishi_bus_policy_call_describe_sync(policy, &rules, &roles, &remarks, NULL, error))
        return meishi_client_failed(error);
    *ret_state = (MeishiPolicyState){
        .generation = meishi_bus_policy_get_generation(policy),
        .has_failed = meishi_bus_policy_get_failed(policy),
        .n_rules = (guint)g_variant_n_children(rules),
        .n_errors = count_severity(remarks, "error"),
        .n_warnings = count_severity(remarks, "warning"),
        .roles = g_steal_pointer(&roles),
    };
    return TRUE;
}

void
meishi_policy_state_clear(MeishiPolicyState *state)
{
    g_clear_pointer(&state->roles, g_variant_unref);
}

static void
append_count(GString *text, guint n, const char *what)
{
    if (n > 0)
        g_string_append_printf(text, ", %u %s%s", n, what, n == 1 ? "" : "s");
}

char *
meishi_policy_state_text(const MeishiPolicyState *state)
{
    GString *text = g_string_new(NULL);

    if (state->has_failed)
        g_string_append(text, "the files have errors, so what was in force before stays; ");
    if (state->n_rules == 0)
        g_string_append(text, "no rules");
    else
        g_string_append_printf(text, "%u rule%s", state->n_rules, state->n_rules == 1 ? "" : "s");
    g_string_append_printf(text, ", generation %" G_GUINT64_FORMAT, state->generation);
    append_count(text, state->n_errors, "error");
    append_count(text, state->n_warnings, "warning");
    if (state->n_errors + state->n_warnings > 0)
        g_string_append(text, "; `meishi policy check` shows them");
    return g_string_free(text, FALSE);
}

/* Of the identity that @role holds. */
static const char *
find_text(GVariant *role, GPtrArray *cards, const char *property)
{
    const char *path;

    for (guint i = 0; g_variant_lookup(role, "identity", "&o", &path) && i < cards->len; i++) {
        const MeishiCard *card = cards->pdata[i];

        if (g_str_equal(card->path, path))
            return meishi_card_text(card, property);
    }
    return NULL;
}

const char *
meishi_policy_state_role_label(GVariant *role, GPtrArray *cards)
{
    return find_text(role, cards, "Label");
}

static void
add_role(GVariant *role, GPtrArray *cards, JsonBuilder *json)
{
    static const char *const members[] = {"name", "label", "uri", "rule"};

    json_builder_begin_object(json);
    for (gsize i = 0; i < G_N_ELEMENTS(members); i++) {
        const char *text = NULL;

        g_variant_lookup(role, members[i], "&s", &text);
        meishi_json_member(json, members[i], text);
    }
    meishi_json_member(json, "identity", find_text(role, cards, "Id"));
    meishi_json_member(json, "identity_label", find_text(role, cards, "Label"));
    json_builder_end_object(json);
}

void
meishi_policy_state_to_json(const MeishiPolicyState *state, GPtrArray *cards, JsonBuilder *json)
{
    json_builder_set_member_name(json, "policy");
    json_builder_begin_object(json);
    meishi_json_number_member(json, "generation", (gint64)state->generation);
    json_builder_set_member_name(json, "failed");
    json_builder_add_boolean_value(json, state->has_failed);
    meishi_json_number_member(json, "rules", state->n_rules);
    meishi_json_number_member(json, "errors", state->n_errors);
    meishi_json_number_member(json, "warnings", state->n_warnings);
    json_builder_end_object(json);
    json_builder_set_member_name(json, "roles");
    json_builder_begin_array(json);
    for (gsize i = 0; i < g_variant_n_children(state->roles); i++) {
        g_autoptr(GVariant) role = g_variant_get_child_value(state->roles, i);

        add_role(role, cards, json);
    }
    json_builder_end_array(json);
}
