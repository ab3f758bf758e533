/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The Selector interface: what a TLS client asks.  Reads arguments, calls the agent, answers; who
 * asks is what caller.h says of the connection, whatever stands in the message.
 */
#include "daemon/bus/root-objects.h"

#include "daemon/agent/selector.h"
#include "daemon/base/error.h"
#include "daemon/bus/agent1.h"
#include "daemon/bus/call.h"
#include "daemon/bus/caller.h"
#include "daemon/bus/decision-report.h"
#include "daemon/bus/identity-object.h"
#include "daemon/bus/options.h"
#include "daemon/bus/report.h"
#include "daemon/bus/request-table.h"
#include "daemon/bus/selection-request.h"
#include "daemon/policy/explain.h"

/* Of these interfaces; counts additions. */
#define VERSION 1

typedef struct {
    MeishiAgent *agent;
    MeishiRequestTable *requests;
} Object;

static const MeishiOption report_options[] = {{"alert", "y"}, {NULL, NULL}};

/* ---- SelectIdentity -------------------------------------------------------------------------- */

static MeishiSelectCall *
read_call(GDBusMethodInvocation *invocation, const MeishiSelectionArguments *arguments,
          GError **error)
{
    g_autoptr(MeishiSelectCall) call = meishi_selection_request_parse(arguments, FALSE, error);

    if (call == NULL)
        return NULL;
    call->application = meishi_caller_application(invocation, error);
    if (call->application == NULL)
        return NULL;
    call->owner = meishi_caller_owner(invocation);
    meishi_application_describe(call->application, call->request);
    return g_steal_pointer(&call);
}

static gboolean
on_select(MeishiBusSelector *skeleton, GDBusMethodInvocation *invocation, GVariant *target,
          GVariant *constraints, const char *token, GVariant *options, gpointer user_data)
{
    Object *object = user_data;
    const MeishiSelectionArguments arguments = {target, constraints, options};
    GError *error = NULL;
    MeishiSelectCall *call = read_call(invocation, &arguments, &error);

    if (call != NULL &&
        meishi_request_table_open(object->requests, invocation, token, call,
                                  meishi_selection_request_size(&arguments), &error))
        return TRUE;
    if (call != NULL)
        meishi_select_call_free(call);
    meishi_call_answer(invocation, FALSE, error);
    return TRUE;
}

/* ---- Match, Explain -------------------------------------------------------------------------- */

/* What a dry run is about, and what came of it; good for one turn of the main loop. */
typedef struct {
    MeishiSelectCall *call;
    MeishiDecision *decision;
    MeishiAnswer *answer;
} DryRun;

static void
clear_dry_run(DryRun *run)
{
    g_clear_pointer(&run->answer, meishi_answer_free);
    g_clear_pointer(&run->decision, meishi_decision_free);
    g_clear_pointer(&run->call, meishi_select_call_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(DryRun, clear_dry_run)

/* Deciding for another program shows what that one may use, which no sandbox lets out. */
static gboolean
name_caller(GDBusMethodInvocation *invocation, MeishiRequest *request, GError **error)
{
    g_autoptr(MeishiApplication) application = meishi_caller_application(invocation, error);

    if (application == NULL)
        return FALSE;
    if (request->application == NULL) {
        meishi_application_describe(application, request);
        return TRUE;
    }
    if (!application->is_sandboxed)
        return TRUE;
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_DENIED,
                "A sandboxed program can only ask for itself");
    return FALSE;
}

static gboolean
run_dry(MeishiAgent *agent, GDBusMethodInvocation *invocation,
        const MeishiSelectionArguments *arguments, DryRun *ret_run, GError **error)
{
    g_auto(DryRun) run = {.call = NULL};

    run.call = meishi_selection_request_parse(arguments, TRUE, error);
    if (run.call == NULL || !name_caller(invocation, run.call->request, error))
        return FALSE;
    run.decision = meishi_agent_decide(agent, run.call->request, error);
    if (run.decision == NULL)
        return FALSE;
    run.answer = meishi_agent_preview(agent, run.call->request, run.decision);
    *ret_run = run;
    run = (DryRun){.call = NULL};
    return TRUE;
}

/* What could be used without a person's second thought, best first. */
static GVariant *
new_paths(MeishiAgent *agent, const MeishiDecision *decision)
{
    const MeishiInventory *inventory = meishi_agent_world(agent)->inventory;
    GVariantBuilder builder = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE_OBJECT_PATH_ARRAY);

    for (guint i = 0; i < decision->n_strong; i++) {
        guint index = decision->verdicts[i].index;
        const char *id = meishi_inventory_entry(inventory, index)->candidate->id;
        g_autofree char *path = meishi_identity_object_path_of(agent, id);

        g_variant_builder_add(&builder, "o", path);
    }
    return g_variant_builder_end(&builder);
}

static gboolean
on_match(MeishiBusSelector *skeleton, GDBusMethodInvocation *invocation, GVariant *target,
         GVariant *constraints, GVariant *options, gpointer user_data)
{
    Object *object = user_data;
    const MeishiSelectionArguments arguments = {target, constraints, options};
    g_auto(DryRun) run = {.call = NULL};
    GError *error = NULL;

    if (run_dry(object->agent, invocation, &arguments, &run, &error))
        g_dbus_method_invocation_return_value(
            invocation, g_variant_new("(@ao@a{sv})", new_paths(object->agent, run.decision),
                                      meishi_decision_report(object->agent, run.answer)));
    else
        meishi_call_answer(invocation, FALSE, error);
    return TRUE;
}

static GVariant *
new_explanation(MeishiAgent *agent, const DryRun *run)
{
    const MeishiWorld *world = meishi_agent_world(agent);
    const MeishiRequest *request = run->call->request;
    g_autoptr(GPtrArray) list = meishi_explain_identities(run->decision, world, request);
    g_autofree char *text = meishi_explain_to_text(run->decision, world, request);

    return g_variant_new("(@aa{sv}@a{sv}@s)", meishi_decision_report_verdicts(agent, list),
                         meishi_decision_report(agent, run->answer), meishi_report_text(text));
}

static gboolean
on_explain(MeishiBusSelector *skeleton, GDBusMethodInvocation *invocation, GVariant *target,
           GVariant *constraints, GVariant *options, gpointer user_data)
{
    Object *object = user_data;
    const MeishiSelectionArguments arguments = {target, constraints, options};
    g_auto(DryRun) run = {.call = NULL};
    GError *error = NULL;

    if (run_dry(object->agent, invocation, &arguments, &run, &error))
        g_dbus_method_invocation_return_value(invocation, new_explanation(object->agent, &run));
    else
        meishi_call_answer(invocation, FALSE, error);
    return TRUE;
}

/* ---- ReportOutcome, Bind --------------------------------------------------------------------- */

static gboolean
parse_outcome(const char *text, MeishiOutcome *ret_outcome, GError **error)
{
    static const char *const names[] = {
        [MEISHI_OUTCOME_ACCEPTED] = "accepted",       [MEISHI_OUTCOME_ALERT] = "alert",
        [MEISHI_OUTCOME_CLOSED] = "closed",           [MEISHI_OUTCOME_SIGN_FAILED] = "sign-failed",
        [MEISHI_OUTCOME_APP_REFUSED] = "app-refused",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        if (g_str_equal(names[i], text)) {
            *ret_outcome = (MeishiOutcome)i;
            return TRUE;
        }
    }
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT,
                "The outcome has to be one of accepted, alert, closed, sign-failed, app-refused");
    return FALSE;
}

static gboolean
read_report(const char *outcome, GVariant *details, MeishiReport *ret_report, GError **error)
{
    MeishiReport report = {0};
    gboolean has_alert;

    if (!parse_outcome(outcome, &report.outcome, error) ||
        !meishi_options_check(details, report_options, error))
        return FALSE;
    has_alert = g_variant_lookup(details, "alert", "y", &report.alert);
    if (has_alert != (report.outcome == MEISHI_OUTCOME_ALERT)) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT,
                    has_alert ? "Only the outcome “alert” has an alert"
                              : "The outcome “alert” needs “alert”, the number of RFC 8446 6.2");
        return FALSE;
    }
    *ret_report = report;
    return TRUE;
}

static gboolean
on_report(MeishiBusSelector *skeleton, GDBusMethodInvocation *invocation, const char *selection_id,
          const char *outcome, GVariant *details, gpointer user_data)
{
    Object *object = user_data;
    GError *error = NULL;
    g_autoptr(MeishiApplication) application = meishi_caller_application(invocation, &error);
    MeishiReport report;
    gboolean ok = application != NULL && read_report(outcome, details, &report, &error) &&
                  meishi_agent_report(object->agent, application, selection_id, &report, &error);

    meishi_call_answer(invocation, ok, error);
    return TRUE;
}

static gboolean
on_bind(MeishiBusSelector *skeleton, GDBusMethodInvocation *invocation, const char *selection_id,
        gpointer user_data)
{
    Object *object = user_data;
    GError *error = NULL;
    g_autoptr(MeishiApplication) application = meishi_caller_application(invocation, &error);
    gboolean ok =
        application != NULL && meishi_agent_bind(object->agent, application, selection_id, &error);

    meishi_call_answer(invocation, ok, error);
    return TRUE;
}

/* ---- the object ------------------------------------------------------------------------------ */

static void
on_prompters_changed(MeishiAgent *agent, MeishiBusSelector *skeleton)
{
    meishi_bus_selector_set_agent_available(
        skeleton, meishi_prompters_available(meishi_agent_prompters(agent), "choose"));
}

static void
free_object(Object *object)
{
    meishi_request_table_free(object->requests);
    g_object_unref(object->agent);
    g_free(object);
}

static void
connect_handlers(MeishiBusSelector *skeleton, Object *object)
{
    const struct {
        const char *signal;
        GCallback handler;
    } handlers[] = {
        {"handle-select-identity", G_CALLBACK(on_select)},
        {"handle-match", G_CALLBACK(on_match)},
        {"handle-explain", G_CALLBACK(on_explain)},
        {"handle-report-outcome", G_CALLBACK(on_report)},
        {"handle-bind", G_CALLBACK(on_bind)},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(handlers); i++)
        g_signal_connect(skeleton, handlers[i].signal, handlers[i].handler, object);
}

GDBusInterfaceSkeleton *
meishi_selector_object_new(const MeishiDoorContext *context)
{
    MeishiBusSelector *skeleton = meishi_bus_selector_skeleton_new();
    Object *object = g_new0(Object, 1);

    object->agent = g_object_ref(context->agent);
    object->requests = meishi_request_table_new(context->agent);
    g_object_set_data_full(G_OBJECT(skeleton), MEISHI_ROOT_DATA, object,
                           (GDestroyNotify)free_object);
    meishi_bus_selector_set_version(skeleton, VERSION);
    meishi_bus_selector_set_capabilities(skeleton, meishi_selection_request_keys());
    on_prompters_changed(context->agent, skeleton);
    connect_handlers(skeleton, object);
    g_signal_connect_object(context->agent, "prompters-changed", G_CALLBACK(on_prompters_changed),
                            skeleton, 0);
    return G_DBUS_INTERFACE_SKELETON(skeleton);
}
