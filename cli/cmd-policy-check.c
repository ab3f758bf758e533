/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * meishi policy check: what the daemon would say to some policy files, or says to those that are
 * installed.  Reads files itself, so that it runs before they are installed and without a daemon.
 */
#include "cli/command.h"
#include "cli/error.h"
#include "cli/json.h"
#include "cli/policy-input.h"
#include "cli/policy-remarks.h"
#include "daemon/policy/rule-lint.h"

#include <unistd.h>

static gboolean strict;
static char *root;
static char **identities;

static const GOptionEntry entries[] = {
    {"strict", 0, 0, G_OPTION_ARG_NONE, &strict, "Take warnings for errors", NULL},
    {"identity", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &identities,
     "Certificates that rules about certificates are compared with", "FILE"},
    {"root", 0, 0, G_OPTION_ARG_FILENAME, &root,
     "Look below DIR for what is installed (usr/share, etc, run, user)", "DIR"},
    G_OPTION_ENTRY_NULL,
};

/* What is installed is held against the store, if a daemon runs that can tell. */
static gboolean
find_inventory(gboolean is_installed, MeishiInventory **ret_inventory, GError **error)
{
    g_autoptr(MeishiClient) client = NULL;

    if (identities != NULL) {
        *ret_inventory = meishi_policy_input_identities(identities, error);
        return *ret_inventory != NULL;
    }
    client = is_installed && root == NULL ? meishi_client_connect(FALSE, NULL) : NULL;
    *ret_inventory = client != NULL ? meishi_policy_input_store(client, NULL) : NULL;
    return TRUE;
}

static void
print_human(guint n_files, GPtrArray *lints)
{
    guint n_errors = meishi_policy_remarks_count(lints, MEISHI_LINT_ERROR);

    meishi_policy_remarks_print(lints, STDOUT_FILENO);
    if (lints->len == 0)
        g_print("Checked %u file%s; all is well.\n", n_files, n_files == 1 ? "" : "s");
    else
        g_print("Checked %u file%s: %u error%s, %u warning%s.\n", n_files, n_files == 1 ? "" : "s",
                n_errors, n_errors == 1 ? "" : "s", lints->len - n_errors,
                lints->len - n_errors == 1 ? "" : "s");
}

static void
print_json(guint n_files, GPtrArray *lints)
{
    g_autoptr(JsonBuilder) json = json_builder_new();

    json_builder_begin_object(json);
    meishi_json_number_member(json, "files", n_files);
    meishi_json_number_member(json, "errors",
                              meishi_policy_remarks_count(lints, MEISHI_LINT_ERROR));
    meishi_json_number_member(json, "warnings",
                              meishi_policy_remarks_count(lints, MEISHI_LINT_WARNING));
    json_builder_set_member_name(json, "remarks");
    meishi_policy_remarks_to_json(lints, json);
    json_builder_end_object(json);
    meishi_json_print(json);
}

/* 0 clean, 1 warnings, 2 errors. */
static gboolean
exit_with(int status, GError **error)
{
    if (status == 1 && strict)
        status = 2;
    if (status != 0)
        g_set_error_literal(error, MEISHI_CLI_ERROR,
                            status == 1 ? MEISHI_CLI_ERROR_FAILED : MEISHI_CLI_ERROR_USAGE, "");
    return status == 0;
}

static gboolean
run(char **args, GError **error)
{
    g_autoptr(MeishiRuleFiles) files = meishi_policy_input_rules(args, root, error);
    g_autoptr(GPtrArray) lints = meishi_lint_list_new();
    g_autoptr(MeishiPolicySet) set = NULL;
    g_autoptr(MeishiInventory) inventory = NULL;

    if (files == NULL || !find_inventory(args[0] == NULL, &inventory, error))
        return meishi_error_to_trouble(error); /* 1 is for warnings */
    set = meishi_rule_files_merge(files, lints);
    if (set != NULL && inventory != NULL) {
        meishi_rule_lint_inventory(set, inventory, g_get_real_time() / G_USEC_PER_SEC, lints);
        meishi_lint_sort(lints);
    }
    if (meishi_command_json())
        print_json(meishi_rule_files_count(files), lints);
    else
        print_human(meishi_rule_files_count(files), lints);
    return exit_with(meishi_lint_exit_status(lints), error);
}

const MeishiCommand meishi_command_policy_check = {
    .name = "check",
    .usage = "[FILE|DIR...]",
    .summary = "Say what is wrong with policy files",
    .text = "Checks policy files as the daemon does, each line with a mistake named; without "
            "arguments, the files that are installed, in all layers. Ends with 0 where all is "
            "well, 1 after warnings, 2 after errors. Needs no daemon; where one runs, rules of "
            "installed files that name certificates are compared with those of the store.",
    .example = "meishi policy check\nmeishi policy check --strict ./policy.d\n"
               "meishi policy check corp.conf --identity hana.pem",
    .options = entries,
    .max_args = G_MAXUINT,
    .argument = MEISHI_ARGUMENT_FILE,
    .run = run,
};
