/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The Policy interface: the rules in force, as they were read.  What they mean for a server is
 * Selector.Explain's to say.
 */
#include "daemon/bus/root-objects.h"

#include "daemon/agent/selector.h"
#include "daemon/bus/agent1.h"
#include "daemon/bus/call.h"
#include "daemon/bus/report.h"
#include "daemon/bus/token-objects.h"
#include "daemon/token/uri.h"

static const char *const actions[] = {
    [MEISHI_ACTION_UNSET] = "",        [MEISHI_ACTION_SELECT] = "select",
    [MEISHI_ACTION_PROMPT] = "prompt", [MEISHI_ACTION_NONE] = "none",
    [MEISHI_ACTION_DENY] = "deny",     [MEISHI_ACTION_RESTRICT] = "restrict",
};

static const char *const severities[] = {
    [MEISHI_LINT_WARNING] = "warning",
    [MEISHI_LINT_ERROR] = "error",
};

typedef GVariant *(*Report)(MeishiAgent *agent, gconstpointer thing);

static void
add_text(GVariantDict *dict, const char *name, const char *text)
{
    g_variant_dict_insert_value(dict, name, meishi_report_text(text));
}

static GVariant *
report_rule(MeishiAgent *agent, gconstpointer data)
{
    const MeishiRule *rule = data;
    g_autofree char *text =
        meishi_rulebook_text(meishi_agent_rulebook(agent), rule->file, rule->line);
    GVariantDict dict = G_VARIANT_DICT_INIT(NULL);

    add_text(&dict, "name", rule->name);
    add_text(&dict, "layer", meishi_layer_name(rule->layer));
    add_text(&dict, "file", rule->file);
    g_variant_dict_insert(&dict, "line", "u", rule->line);
    add_text(&dict, "action", actions[rule->action]);
    g_variant_dict_insert(&dict, "priority", "u", rule->priority);
    g_variant_dict_insert(&dict, "locked", "b", rule->locked);
    add_text(&dict, "text", text);
    return g_variant_dict_end(&dict);
}

static GVariant *
report_role(MeishiAgent *agent, gconstpointer data)
{
    const MeishiShownRole *shown = data;
    MeishiRulebook *rulebook = meishi_agent_rulebook(agent);
    const MeishiRole *role = meishi_rule_set_find_role(meishi_rulebook_set(rulebook), shown->name);
    g_autofree char *uri = meishi_uri_format(shown->label, NULL, 0, NULL);
    g_autofree char *identity = meishi_token_objects_identity(shown);
    GVariantDict dict = G_VARIANT_DICT_INIT(NULL);

    add_text(&dict, "name", shown->name);
    add_text(&dict, "label", shown->label);
    add_text(&dict, "rule", role != NULL ? role->rule : NULL);
    add_text(&dict, "uri", uri);
    g_variant_dict_insert(&dict, "identity", "o", identity);
    return g_variant_dict_end(&dict);
}

static GVariant *
report_remark(MeishiAgent *agent, gconstpointer data)
{
    const MeishiLint *lint = data;
    GVariantDict dict = G_VARIANT_DICT_INIT(NULL);

    add_text(&dict, "severity", severities[lint->severity]);
    add_text(&dict, "file", lint->file);
    g_variant_dict_insert(&dict, "line", "u", lint->line);
    add_text(&dict, "group", lint->group);
    add_text(&dict, "key", lint->key);
    add_text(&dict, "message", lint->message);
    return g_variant_dict_end(&dict);
}

static GVariant *
report_all(MeishiAgent *agent, GPtrArray *things, Report report)
{
    GVariantBuilder builder = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("aa{sv}"));

    for (guint i = 0; i < things->len; i++)
        g_variant_builder_add_value(&builder, report(agent, things->pdata[i]));
    return g_variant_builder_end(&builder);
}

static gboolean
on_describe(MeishiBusPolicy *skeleton, GDBusMethodInvocation *invocation, gpointer user_data)
{
    MeishiAgent *agent = user_data;
    MeishiRulebook *rulebook = meishi_agent_rulebook(agent);
    const MeishiPolicySet *set = meishi_rulebook_set(rulebook);
    g_autoptr(MeishiPresentation) presentation = meishi_token_objects_present(agent);

    meishi_bus_policy_complete_describe(
        skeleton, invocation, report_all(agent, set->rules, report_rule),
        report_all(agent, presentation->roles, report_role),
        report_all(agent, meishi_rulebook_lints(rulebook), report_remark));
    return TRUE;
}

static gboolean
on_reload(MeishiBusPolicy *skeleton, GDBusMethodInvocation *invocation, gpointer user_data)
{
    GError *error = NULL;
    gboolean ok = meishi_rulebook_reload(meishi_agent_rulebook(user_data), &error);

    meishi_call_answer(invocation, ok, error);
    return TRUE;
}

/* ---- the object ------------------------------------------------------------------------------ */

static void
update(MeishiBusPolicy *skeleton, MeishiRulebook *rulebook)
{
    meishi_bus_policy_set_generation(skeleton, meishi_rulebook_generation(rulebook));
    meishi_bus_policy_set_failed(skeleton, meishi_rulebook_failed(rulebook));
}

static void
on_reloaded(MeishiAgent *agent, MeishiBusPolicy *skeleton)
{
    MeishiRulebook *rulebook = meishi_agent_rulebook(agent);

    update(skeleton, rulebook);
    meishi_bus_policy_emit_reloaded(skeleton, meishi_rulebook_generation(rulebook),
                                    meishi_rulebook_lints(rulebook)->len);
}

GDBusInterfaceSkeleton *
meishi_policy_object_new(const MeishiDoorContext *context)
{
    MeishiBusPolicy *skeleton = meishi_bus_policy_skeleton_new();

    update(skeleton, meishi_agent_rulebook(context->agent));
    g_signal_connect(skeleton, "handle-describe", G_CALLBACK(on_describe), context->agent);
    g_signal_connect(skeleton, "handle-reload", G_CALLBACK(on_reload), context->agent);
    g_signal_connect_object(context->agent, "policy-reloaded", G_CALLBACK(on_reloaded), skeleton,
                            0);
    return G_DBUS_INTERFACE_SKELETON(skeleton);
}
