/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * meishi select: which certificate goes to a server, as a PKCS#11 URI.
 */
#include "cli/command.h"
#include "cli/error.h"
#include "cli/inquiry.h"
#include "cli/selecting.h"

static struct {
    gboolean no_probe, no_prompt, plain;
    char *cas, *ca_file;
    char *purpose, *context;
} options;

static const GOptionEntry entries[] = {
    {"no-probe", 0, 0, G_OPTION_ARG_NONE, &options.no_probe,
     "Do not ask the server what it accepts", NULL},
    {"cas", 0, 0, G_OPTION_ARG_FILENAME, &options.cas,
     "The server accepts these authorities (PEM, DER); it is not asked", "FILE"},
    {"ca-file", 0, 0, G_OPTION_ARG_FILENAME, &options.ca_file,
     "Trust these authorities as well when the server is asked", "FILE"},
    {"purpose", 0, 0, G_OPTION_ARG_STRING, &options.purpose,
     "What for: navigation (the default), subresource, preflight, preconnect, background, api",
     "PURPOSE"},
    {"context", 0, 0, G_OPTION_ARG_STRING, &options.context,
     "The profile or container that choices are kept for", "NAME"},
    {"no-prompt", 0, 0, G_OPTION_ARG_NONE, &options.no_prompt, "Ask nobody", NULL},
    {"plain", 0, 0, G_OPTION_ARG_NONE, &options.plain,
     "Ask with one line for each thing, for screen readers", NULL},
    G_OPTION_ENTRY_NULL,
};

static void
print_json(const MeishiSelection *selection, const MeishiTarget *target)
{
    g_autoptr(JsonBuilder) json = json_builder_new();

    json_builder_begin_object(json);
    meishi_selection_to_json(selection, target, json);
    json_builder_end_object(json);
    meishi_json_print(json);
}

static gboolean
select_for(const MeishiTarget *target, GVariant *constraints, GError **error)
{
    const MeishiSelecting what = {.target = target,
                                  .constraints = constraints,
                                  .purpose = options.purpose,
                                  .context = options.context,
                                  .may_ask = !options.no_prompt,
                                  .plain = options.plain};
    g_autoptr(MeishiClient) client = meishi_client_connect(TRUE, error);
    g_autoptr(MeishiSelection) selection =
        client != NULL ? meishi_selecting_select(client, &what, error) : NULL;

    if (selection == NULL)
        return FALSE;
    if (meishi_command_json())
        print_json(selection, target);
    else if (selection->result == MEISHI_SELECTION_SELECTED)
        g_print("%s\n", meishi_selection_text(selection, "uri"));
    return meishi_selection_check(selection, target, error);
}

static gboolean
check_purpose(GError **error)
{
    if (options.purpose == NULL || g_strv_contains(meishi_request_purpose_names, options.purpose))
        return TRUE;
    g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_USAGE,
                "--purpose is navigation, subresource, preflight, preconnect, background or api, "
                "not “%s”.",
                options.purpose);
    return FALSE;
}

static gboolean
run(char **args, GError **error)
{
    const MeishiInquiry inquiry = {
        .probe = !options.no_probe, .cas = options.cas, .ca_file = options.ca_file};
    g_autoptr(MeishiTarget) target = meishi_target_parse(args[0], error);
    g_autoptr(MeishiSelection) unasked = NULL;
    g_autoptr(GVariant) constraints = NULL;
    gboolean asked;

    if (target == NULL || !check_purpose(error) ||
        !meishi_inquiry_run(&inquiry, target, &constraints, &asked, error))
        return FALSE;
    if (asked)
        return select_for(target, constraints, error);
    unasked = meishi_selection_new_unasked();
    if (meishi_command_json())
        print_json(unasked, target);
    return meishi_selection_check(unasked, target, error);
}

const MeishiCommand meishi_command_select = {
    .name = "select",
    .usage = "HOST[:PORT]|URL",
    .summary = "Say which certificate goes to a server",
    .text = "Asks the server which certificates it accepts, decides by policy, by what was chosen "
            "before and, where that leaves several, by asking you on the terminal, and prints the "
            "PKCS#11 URI of the certificate. Exit status 10: none is to be sent; 11: a person has "
            "to choose; 12: policy forbids it.",
    .example = "curl --cert \"$(meishi select https://intranet.example.com/)\" "
               "https://intranet.example.com/\n"
               "meishi select --no-prompt --json imap.example.com:993",
    .options = entries,
    .min_args = 1,
    .max_args = 1,
    .argument = MEISHI_ARGUMENT_HOST,
    .run = run,
};
