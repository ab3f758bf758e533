/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * meishi policy explain: what policy files would decide about a server that is not asked, and why.
 * Without memory, which the files do not have.  `meishi why` asks the daemon, and the server.
 */
#include "cli/command.h"
#include "cli/error.h"
#include "cli/json.h"
#include "cli/policy-hosts.h"
#include "cli/policy-input.h"
#include "cli/text.h"
#include "daemon/policy/explain.h"

static struct {
    char *host;
    int port;
    char *protocol;
    char *application;
    char *trust;
    char **cas;
    char **policy;
    char **identities;
} options;

static const GOptionEntry entries[] = {
    {"host", 0, 0, G_OPTION_ARG_STRING, &options.host, "The server, or a URL", "HOST[:PORT]"},
    {"port", 0, 0, G_OPTION_ARG_INT, &options.port, "Its port", "N"},
    {"protocol", 0, 0, G_OPTION_ARG_STRING, &options.protocol, "https, imap, tls ...", "WORD"},
    {"app", 0, 0, G_OPTION_ARG_FILENAME, &options.application,
     "The program: flatpak:ID, snap:NAME, unit:NAME or exe:/PATH", "PROGRAM"},
    {"trust", 0, 0, G_OPTION_ARG_STRING, &options.trust,
     "How certain its name is: any, exe, unit or sandbox", "LEVEL"},
    {"cas", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.cas,
     "An authority that the server names: certificates, or a name", "FILE|NAME"},
    {"policy", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.policy,
     "The policy instead of what is installed", "FILE|DIR"},
    {"identity", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.identities,
     "An identity instead of those of the store", "FILE"},
    G_OPTION_ENTRY_NULL,
};

static MeishiRequest *
make_request(GError **error)
{
    const MeishiPolicyTarget target = {.host = options.host,
                                       .port = (guint)options.port,
                                       .protocol = options.protocol,
                                       .application = options.application,
                                       .trust = options.trust};
    g_autoptr(MeishiRequest) request = NULL;

    if (options.host == NULL || options.port < 0 || options.port > 65535) {
        g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_USAGE,
                    options.host == NULL ? "Name a server with --host."
                                         : "--port is a number from 1 to 65535.");
        return NULL;
    }
    request = meishi_policy_hosts_request(&target, error);
    if (request == NULL)
        return NULL;
    request->ca_names = meishi_policy_input_names(options.cas, error);
    return request->ca_names != NULL ? g_steal_pointer(&request) : NULL;
}

/* ---- output -----------------------------------------------------------------------------------
 */

static void
print_human(const MeishiDecision *decision, const MeishiWorld *world, const MeishiRequest *request)
{
    g_autofree char *text = meishi_explain_to_text(decision, world, request);
    g_auto(GStrv) lines = g_strsplit(g_strchomp(text), "\n", -1);

    for (char **line = lines; *line != NULL; line++) {
        g_autofree char *clean = meishi_text_clean(*line);

        g_print("%s\n", clean);
    }
}

static void
add_verdicts(JsonBuilder *json, GPtrArray *explanations)
{
    json_builder_begin_array(json);
    for (guint i = 0; i < explanations->len; i++) {
        const MeishiExplanation *explanation = g_ptr_array_index(explanations, i);

        json_builder_begin_object(json);
        meishi_json_member(json, "id", explanation->id);
        meishi_json_member(json, "label", explanation->label);
        meishi_json_number_member(json, "place", explanation->place);
        meishi_json_member(json, "code", explanation->code);
        meishi_json_number_member(json, "step", explanation->step);
        meishi_json_member(json, "kind", explanation->kind);
        meishi_json_member(json, "clause", explanation->clause);
        meishi_json_member(json, "facts", explanation->facts);
        meishi_json_member(json, "detail", explanation->detail);
        meishi_json_member(json, "rank", explanation->rank);
        json_builder_end_object(json);
    }
    json_builder_end_array(json);
}

static void
print_json(const MeishiDecision *decision, const MeishiWorld *world, const MeishiRequest *request)
{
    g_autoptr(JsonBuilder) json = json_builder_new();
    g_autoptr(GPtrArray) explanations = meishi_explain_identities(decision, world, request);
    g_autofree char *rule = decision->rule ? meishi_explain_rule(decision->rule) : NULL;

    json_builder_begin_object(json);
    meishi_json_target_member(json, request->protocol, request->host.text, request->port);
    meishi_json_member(json, "application", request->application);
    meishi_json_member(json, "result", meishi_result_name(decision->result));
    meishi_json_member(json, "code", meishi_code_info(decision->code)->name);
    meishi_json_member(json, "row", decision->row_text);
    meishi_json_member(json, "rule", rule);
    json_builder_set_member_name(json, "verdicts");
    add_verdicts(json, explanations);
    json_builder_end_object(json);
    meishi_json_print(json);
}

/* As `meishi why`: 0 selected, 10 none, 11 a person has to choose, 12 denied. */
static gboolean
exit_with(MeishiResult result, GError **error)
{
    MeishiCliError code = MEISHI_CLI_ERROR_NONE;

    if (result == MEISHI_RESULT_SELECTED)
        return TRUE;
    if (result == MEISHI_RESULT_PROMPT)
        code = MEISHI_CLI_ERROR_PERSON;
    else if (result == MEISHI_RESULT_DENIED)
        code = MEISHI_CLI_ERROR_POLICY;
    g_set_error_literal(error, MEISHI_CLI_ERROR, (int)code, "");
    return FALSE;
}

static gboolean
run(char **args, GError **error)
{
    g_autoptr(MeishiRequest) request = make_request(error);
    g_autoptr(MeishiPolicySet) set = NULL;
    g_autoptr(MeishiInventory) inventory = NULL;
    g_autoptr(MeishiDecision) decision = NULL;
    MeishiWorld world;

    set = request != NULL ? meishi_policy_input_set(options.policy, error) : NULL;
    inventory = set != NULL ? meishi_policy_input_inventory(options.identities, error) : NULL;
    if (inventory == NULL)
        return FALSE;
    world = (MeishiWorld){
        .policy = set, .inventory = inventory, .now = g_get_real_time() / G_USEC_PER_SEC};
    decision = meishi_decide(&world, request);
    if (meishi_command_json())
        print_json(decision, &world, request);
    else
        print_human(decision, &world, request);
    return exit_with(decision->result, error);
}

const MeishiCommand meishi_command_policy_explain = {
    .name = "explain",
    .usage = "--host HOST[:PORT]",
    .summary = "Say what policy files would decide, and why",
    .text = "Decides about a server as the daemon would, and gives the reasons: for each identity "
            "why it fits or not, and which rule was asked. The rules are those that are installed "
            "or those of --policy, the identities those of the store or of --identity; with both "
            "options no daemon is needed. Nothing is sent, asked or remembered, and what was "
            "chosen before does not count. Ends as `meishi why` does.",
    .example = "meishi policy explain --host sso.corp.example.com --app exe:/usr/bin/curl\n"
               "meishi policy explain --host vpn.example.com:443 --policy ./policy.d "
               "--identity hana.pem --cas 'CN=Corp CA,O=Corp'",
    .options = entries,
    .run = run,
};
