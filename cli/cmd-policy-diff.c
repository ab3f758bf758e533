/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * meishi policy diff: which decisions two sets of policy files make differently.  Compares what
 * they decide about a list of servers, because two texts that differ can mean the same, and the
 * reverse.
 */
#include "cli/command.h"
#include "cli/error.h"
#include "cli/json.h"
#include "cli/policy-hosts.h"
#include "cli/policy-input.h"
#include "cli/text.h"
#include "daemon/policy/explain.h"

static struct {
    char *hosts;
    char **identities;
} options;

static const GOptionEntry entries[] = {
    {"hosts", 0, 0, G_OPTION_ARG_FILENAME, &options.hosts,
     "The servers: lines of HOST[:PORT] [PROTOCOL] [app=PROGRAM]", "FILE"},
    {"identity", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.identities,
     "An identity instead of those of the store", "FILE"},
    G_OPTION_ENTRY_NULL,
};

/* What a decision comes to, in words that can be compared. */
typedef struct {
    char *result;
    char *label; /* of the identity; NULL */
    char *id;    /* of the same */
    char *rule;  /* its name; NULL */
    char *text;
} Outcome;

static void
outcome_clear(Outcome *outcome)
{
    g_free(outcome->result);
    g_free(outcome->label);
    g_free(outcome->id);
    g_free(outcome->rule);
    g_free(outcome->text);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Outcome, outcome_clear)

static void
decide(const MeishiPolicySet *set, const MeishiInventory *inventory, const MeishiRequest *request,
       Outcome *ret_outcome)
{
    MeishiWorld world = {
        .policy = set, .inventory = inventory, .now = g_get_real_time() / G_USEC_PER_SEC};
    g_autoptr(MeishiDecision) decision = meishi_decide(&world, request);
    guint index = decision->selected != G_MAXUINT ? decision->selected : decision->preselected;
    g_autofree char *rule = meishi_explain_rule(decision->rule);
    g_autofree char *text = meishi_explain_decision(decision);

    ret_outcome->result = g_strdup(meishi_result_name(decision->result));
    if (index != G_MAXUINT) {
        const MeishiCandidate *candidate = meishi_inventory_entry(inventory, index)->candidate;

        ret_outcome->label = g_strdup(candidate->label);
        ret_outcome->id = g_strdup(candidate->id);
    }
    ret_outcome->rule = decision->rule ? g_strdup(decision->rule->name) : NULL;
    ret_outcome->text = g_strdup_printf("%s  %s%s%s%s", text, ret_outcome->label ? "“" : "",
                                        ret_outcome->label ? ret_outcome->label : "",
                                        ret_outcome->label ? "”  " : "", rule);
}

static gboolean
is_same(const Outcome *a, const Outcome *b)
{
    return g_str_equal(a->result, b->result) && g_strcmp0(a->id, b->id) == 0 &&
           g_strcmp0(a->rule, b->rule) == 0;
}

static void
add_outcome(JsonBuilder *json, const char *name, const Outcome *outcome)
{
    json_builder_set_member_name(json, name);
    json_builder_begin_object(json);
    meishi_json_member(json, "result", outcome->result);
    meishi_json_member(json, "id", outcome->id);
    meishi_json_member(json, "label", outcome->label);
    meishi_json_member(json, "rule", outcome->rule);
    json_builder_end_object(json);
}

/* @json NULL: for a person. */
static void
report(JsonBuilder *json, const MeishiRequest *request, const Outcome *old, const Outcome *new)
{
    g_autofree char *name = meishi_policy_hosts_name(request);
    g_autofree char *clean = meishi_text_clean(name);
    g_autofree char *before = meishi_text_clean(old->text);
    g_autofree char *after = meishi_text_clean(new->text);

    if (json == NULL) {
        g_print("%s\n  - %s\n  + %s\n", clean, before, after);
        return;
    }
    json_builder_begin_object(json);
    meishi_json_member(json, "target", name);
    add_outcome(json, "old", old);
    add_outcome(json, "new", new);
    json_builder_end_object(json);
}

static guint
compare(MeishiPolicySet *const sets[2], const MeishiInventory *inventory, GPtrArray *requests,
        JsonBuilder *json)
{
    guint n_changed = 0;

    for (guint i = 0; i < requests->len; i++) {
        const MeishiRequest *request = g_ptr_array_index(requests, i);
        g_auto(Outcome) old = {0}, new = {0};

        decide(sets[0], inventory, request, &old);
        decide(sets[1], inventory, request, &new);
        if (is_same(&old, &new))
            continue;
        n_changed++;
        report(json, request, &old, &new);
    }
    return n_changed;
}

/* ---- input ------------------------------------------------------------------------------------
 */

static GPtrArray *
read_hosts(GError **error)
{
    g_autofree char *name = NULL;
    g_autoptr(GBytes) text = NULL;

    if (options.hosts == NULL) {
        g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_USAGE,
                    "Name a file with servers to try with --hosts.");
        return NULL;
    }
    text = meishi_policy_input_read(options.hosts, &name, error);
    return text != NULL ? meishi_policy_hosts_read(text, name, error) : NULL;
}

static MeishiPolicySet *
read_set(char *path, GError **error)
{
    char *paths[] = {path, NULL};

    return meishi_policy_input_set(paths, error);
}

static gboolean
finish(JsonBuilder *json, guint n_changed, guint n_requests, GError **error)
{
    if (json != NULL) {
        json_builder_end_array(json);
        meishi_json_print(json);
    } else if (n_changed == 0) {
        g_print("All of %u decision%s stay the same.\n", n_requests, n_requests == 1 ? "" : "s");
    }
    if (n_changed > 0)
        g_set_error_literal(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_FAILED, "");
    return n_changed == 0;
}

static gboolean
run(char **args, GError **error)
{
    g_autoptr(GPtrArray) requests = read_hosts(error);
    g_autoptr(MeishiPolicySet) old = requests != NULL ? read_set(args[0], error) : NULL;
    g_autoptr(MeishiPolicySet) new = old != NULL ? read_set(args[1], error) : NULL;
    g_autoptr(MeishiInventory) inventory =
        new != NULL ? meishi_policy_input_inventory(options.identities, error) : NULL;
    g_autoptr(JsonBuilder) json = meishi_command_json() ? json_builder_new() : NULL;
    guint n_changed;

    if (inventory == NULL)
        return meishi_error_to_trouble(error); /* 1 is for differences, as with diff(1) */
    if (json != NULL)
        json_builder_begin_array(json);
    n_changed = compare((MeishiPolicySet *[2]){old, new}, inventory, requests, json);
    return finish(json, n_changed, requests->len, error);
}

const MeishiCommand meishi_command_policy_diff = {
    .name = "diff",
    .usage = "OLD NEW --hosts FILE",
    .summary = "List the decisions that a change of policy changes",
    .text = "Decides about every server of a list with the policy of OLD and with that of NEW, and "
            "lists each decision that differs in its result, its identity or its rule. OLD and NEW "
            "are files or directories. Ends with 0 where nothing changes, 1 where something does, "
            "2 after errors.",
    .example = "meishi policy diff /etc/meishi/policy.d ./policy.d --hosts hosts.txt",
    .options = entries,
    .min_args = 2,
    .max_args = 2,
    .argument = MEISHI_ARGUMENT_FILE,
    .run = run,
};
