/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The Choices interface: what was chosen for which server.  Names in the tables are interface.  A
 * filter with a key that we do not know is refused, never passed over: it would forget too much.
 */
#include "daemon/bus/root-objects.h"

#include "daemon/agent/selector.h"
#include "daemon/base/error.h"
#include "daemon/bus/agent1.h"
#include "daemon/bus/call.h"
#include "daemon/bus/decision-report.h"
#include "daemon/bus/identity-object.h"
#include "daemon/bus/options.h"
#include "daemon/bus/report.h"

static const MeishiOption set_options[] = {
    {"protocol", "s"}, {"application", "s"}, {"context", "s"}, {NULL, NULL}};
static const MeishiOption filter_options[] = {
    {"id", "x"},       {"host", "s"},    {"port", "u"}, {"application", "s"},
    {"identity", "o"}, {"context", "s"}, {NULL, NULL}};

static const char *const reaches[] = {
    [MEISHI_REACH_DOMAIN] = "domain",
    [MEISHI_REACH_HOST] = "host",
    [MEISHI_REACH_HOST_PORT] = "host-port",
};

static const char *const suspicions[] = {
    [MEISHI_SUSPICION_CLEAR] = "clear",
    [MEISHI_SUSPICION_DOUBTED] = "doubted",
    [MEISHI_SUSPICION_SUSPECT] = "suspect",
};

/* ---- List ------------------------------------------------------------------------------------ */

/* Whom @lineage means today: the one that no other has superseded. */
static const MeishiCandidate *
find_current(MeishiAgent *agent, const char *lineage)
{
    const MeishiInventory *inventory = meishi_agent_world(agent)->inventory;
    GArray *indices = lineage != NULL ? meishi_inventory_find_lineage(inventory, lineage) : NULL;
    const MeishiCandidate *found = NULL;

    for (guint i = 0; indices != NULL && i < indices->len; i++) {
        guint index = g_array_index(indices, guint, i);
        const MeishiCandidate *candidate = meishi_inventory_entry(inventory, index)->candidate;

        if (found == NULL || candidate->superseded_by == NULL)
            found = candidate;
    }
    return found;
}

static void
add_text(GVariantDict *dict, const char *name, const char *text)
{
    g_variant_dict_insert_value(dict, name, meishi_report_text(text));
}

static void
add_target(GVariantDict *dict, const MeishiChoice *choice)
{
    add_text(dict, "reach", reaches[choice->reach]);
    add_text(dict, "protocol", choice->protocol_class);
    add_text(dict, "host", choice->host);
    g_variant_dict_insert(dict, "port", "u", choice->port);
    add_text(dict, "application", choice->application);
    add_text(dict, "context", choice->context);
}

static void
add_identity(GVariantDict *dict, MeishiAgent *agent, const MeishiChoice *choice)
{
    const MeishiCandidate *candidate = find_current(agent, choice->lineage);
    g_autofree char *path =
        meishi_identity_object_path_of(agent, candidate != NULL ? candidate->id : "");

    g_variant_dict_insert(dict, "identity", "o", path);
    add_text(dict, "identity-id", candidate != NULL ? candidate->id : NULL);
    add_text(dict, "label", candidate != NULL ? candidate->label : NULL);
    add_text(dict, "lineage", choice->lineage);
}

static GVariant *
report_choice(MeishiAgent *agent, const MeishiChoice *choice)
{
    GVariantDict dict = G_VARIANT_DICT_INIT(NULL);

    g_variant_dict_insert(&dict, "id", "x", choice->id);
    add_target(&dict, choice);
    add_identity(&dict, agent, choice);
    add_text(&dict, "scope", meishi_decision_report_scope(choice->scope));
    g_variant_dict_insert(&dict, "created", "x", choice->created);
    g_variant_dict_insert(&dict, "last-used", "x", choice->last_used);
    g_variant_dict_insert(&dict, "uses", "u", choice->uses);
    g_variant_dict_insert(&dict, "expires", "x", choice->expires);
    add_text(&dict, "suspicion", suspicions[choice->suspicion]);
    g_variant_dict_insert(&dict, "alert", "y", choice->alert);
    add_text(&dict, "alert-text",
             choice->alert != 0 ? meishi_outcome_alert_text(choice->alert) : NULL);
    return g_variant_dict_end(&dict);
}

static gboolean
on_list(MeishiBusChoices *skeleton, GDBusMethodInvocation *invocation, gpointer user_data)
{
    MeishiAgent *agent = user_data;
    gint64 now = g_get_real_time() / G_USEC_PER_SEC;
    g_autoptr(GPtrArray) choices = meishi_choice_book_list(meishi_agent_choice_book(agent), now);
    GVariantBuilder builder = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("aa{sv}"));

    for (guint i = 0; i < choices->len; i++)
        g_variant_builder_add_value(&builder, report_choice(agent, choices->pdata[i]));
    meishi_bus_choices_complete_list(skeleton, invocation, g_variant_builder_end(&builder));
    return TRUE;
}

/* ---- Set ------------------------------------------------------------------------------------- */

static gboolean
parse_reach(const char *text, MeishiReach *ret_reach, GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(reaches); i++) {
        if (g_str_equal(reaches[i], text)) {
            *ret_reach = (MeishiReach)i;
            return TRUE;
        }
    }
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT,
                "The reach has to be one of host-port, host, domain");
    return FALSE;
}

static gboolean
parse_scope(const char *text, MeishiScope *ret_scope, GError **error)
{
    if (meishi_decision_report_parse_scope(text, ret_scope))
        return TRUE;
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT,
                "The scope has to be one of once, session, always");
    return FALSE;
}

/* A word of an option, "" being none; borrowed from @options. */
static const char *
find_word(GVariant *options, const char *name)
{
    const char *text = NULL;

    return g_variant_lookup(options, name, "&s", &text) && text[0] != '\0' ? text : NULL;
}

static gboolean
choose(MeishiAgent *agent, GVariant *parameters, gint64 *ret_id, GError **error)
{
    g_autoptr(GVariant) options = g_variant_get_child_value(parameters, 5);
    g_autofree char *identity_id = NULL;
    const char *reach, *path, *scope;
    MeishiChoiceSpec spec = {0};
    guint16 port;

    g_variant_get(parameters, "(&s&sq&o&s@a{sv})", &reach, &spec.host, &port, &path, &scope, NULL);
    if (!meishi_options_check(options, set_options, error) ||
        !parse_reach(reach, &spec.reach, error) || !parse_scope(scope, &spec.scope, error) ||
        !meishi_identity_object_id_at(agent, path, &identity_id, error))
        return FALSE;
    spec.port = port;
    spec.id = identity_id;
    spec.protocol = find_word(options, "protocol");
    spec.application = find_word(options, "application");
    spec.context = find_word(options, "context");
    return meishi_agent_choose(agent, &spec, ret_id, error);
}

/* Connected swapped: the arguments are in the invocation. */
static gboolean
on_set(MeishiAgent *agent, GDBusMethodInvocation *invocation)
{
    GError *error = NULL;
    gint64 id;

    if (choose(agent, g_dbus_method_invocation_get_parameters(invocation), &id, &error))
        g_dbus_method_invocation_return_value(invocation, g_variant_new("(x)", id));
    else
        meishi_call_answer(invocation, FALSE, error);
    return TRUE;
}

/* ---- Forget, Undo, EndContext ---------------------------------------------------------------- */

/* A filter and what it borrows from. */
typedef struct {
    MeishiChoiceFilter filter;
    MeishiHost host;
    char *lineage;
} Wanted;

static void
clear_wanted(Wanted *wanted)
{
    meishi_host_clear(&wanted->host);
    g_free(wanted->lineage);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Wanted, clear_wanted)

static gboolean
read_identity(MeishiAgent *agent, GVariant *options, Wanted *wanted, GError **error)
{
    const MeishiInventory *inventory = meishi_agent_world(agent)->inventory;
    g_autoptr(MeishiIdentity) identity = NULL;
    g_autofree char *id = NULL;
    const char *path;
    guint index;

    if (!g_variant_lookup(options, "identity", "&o", &path))
        return TRUE;
    identity = meishi_identity_object_find(agent, path, error);
    if (identity == NULL)
        return FALSE;
    id = meishi_identity_id(identity);
    if (meishi_inventory_find_id(inventory, id, &index))
        wanted->lineage = g_strdup(meishi_inventory_entry(inventory, index)->candidate->lineage);
    wanted->filter.lineage = wanted->lineage;
    return TRUE;
}

static gboolean
read_host(GVariant *options, Wanted *wanted, GError **error)
{
    const char *host;

    if (!g_variant_lookup(options, "host", "&s", &host))
        return TRUE;
    if (!meishi_host_parse(host, &wanted->host, error))
        return FALSE;
    wanted->filter.host = wanted->host.text;
    return TRUE;
}

static gboolean
read_filter(MeishiAgent *agent, GVariant *options, Wanted *wanted, GError **error)
{
    if (!meishi_options_check(options, filter_options, error) ||
        !read_identity(agent, options, wanted, error) || !read_host(options, wanted, error))
        return FALSE;
    g_variant_lookup(options, "id", "x", &wanted->filter.id);
    g_variant_lookup(options, "port", "u", &wanted->filter.port);
    g_variant_lookup(options, "application", "&s", &wanted->filter.application);
    g_variant_lookup(options, "context", "&s", &wanted->filter.context);
    return TRUE;
}

static gboolean
on_forget(MeishiBusChoices *skeleton, GDBusMethodInvocation *invocation, GVariant *filter,
          gpointer user_data)
{
    MeishiAgent *agent = user_data;
    g_auto(Wanted) wanted = {.lineage = NULL};
    GError *error = NULL;
    guint count;

    if (read_filter(agent, filter, &wanted, &error) &&
        meishi_agent_forget(agent, &wanted.filter, &count, &error))
        meishi_bus_choices_complete_forget(skeleton, invocation, count);
    else
        meishi_call_answer(invocation, FALSE, error);
    return TRUE;
}

static gboolean
on_undo(MeishiBusChoices *skeleton, GDBusMethodInvocation *invocation, gpointer user_data)
{
    GError *error = NULL;
    guint count;

    if (meishi_agent_undo_forget(MEISHI_AGENT(user_data), &count, &error))
        meishi_bus_choices_complete_undo(skeleton, invocation, count);
    else
        meishi_call_answer(invocation, FALSE, error);
    return TRUE;
}

static gboolean
on_end_context(MeishiBusChoices *skeleton, GDBusMethodInvocation *invocation, const char *context,
               gpointer user_data)
{
    guint count = meishi_agent_end_context(MEISHI_AGENT(user_data), context);

    meishi_bus_choices_complete_end_context(skeleton, invocation, count);
    return TRUE;
}

/* ---- the object ------------------------------------------------------------------------------ */

static void
on_changed(MeishiAgent *agent, MeishiBusChoices *skeleton)
{
    meishi_bus_choices_emit_changed(skeleton);
}

static void
on_flush(MeishiAgent *agent, const MeishiFlush *flush, MeishiBusChoices *skeleton)
{
    meishi_bus_choices_emit_flush_connections(skeleton, flush->host, (guint16)flush->port);
}

GDBusInterfaceSkeleton *
meishi_choices_object_new(const MeishiDoorContext *context)
{
    MeishiBusChoices *skeleton = meishi_bus_choices_skeleton_new();
    MeishiAgent *agent = context->agent;

    g_signal_connect(skeleton, "handle-list", G_CALLBACK(on_list), agent);
    g_signal_connect_swapped(skeleton, "handle-set", G_CALLBACK(on_set), agent);
    g_signal_connect(skeleton, "handle-forget", G_CALLBACK(on_forget), agent);
    g_signal_connect(skeleton, "handle-undo", G_CALLBACK(on_undo), agent);
    g_signal_connect(skeleton, "handle-end-context", G_CALLBACK(on_end_context), agent);
    g_signal_connect_object(agent, "choices-changed", G_CALLBACK(on_changed), skeleton, 0);
    g_signal_connect_object(agent, "flush-connections", G_CALLBACK(on_flush), skeleton, 0);
    return G_DBUS_INTERFACE_SKELETON(skeleton);
}
