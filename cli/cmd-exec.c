/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * meishi exec: becomes a program that sees, through PKCS#11, the identity for one server and no
 * other.  The daemon knows the program by its process, which is ours: nothing in the environment
 * changes, and what the program starts sees the same.
 */
#include "cli/command.h"
#include "cli/error.h"
#include "cli/inquiry.h"
#include "cli/selecting.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct {
    char *target;
    gboolean no_probe, no_prompt, plain, allow_none;
    char *cas, *ca_file, *context;
} options;

static const GOptionEntry entries[] = {
    {"target", 't', 0, G_OPTION_ARG_STRING, &options.target, "The server: HOST[:PORT] or a URL",
     "SERVER"},
    {"allow-none", 0, 0, G_OPTION_ARG_NONE, &options.allow_none,
     "Run the program also where no certificate is to be sent; it sees none", NULL},
    {"no-probe", 0, 0, G_OPTION_ARG_NONE, &options.no_probe,
     "Do not ask the server what it accepts", NULL},
    {"cas", 0, 0, G_OPTION_ARG_FILENAME, &options.cas,
     "The server accepts these authorities (PEM, DER); it is not asked", "FILE"},
    {"ca-file", 0, 0, G_OPTION_ARG_FILENAME, &options.ca_file,
     "Trust these authorities as well when the server is asked", "FILE"},
    {"context", 0, 0, G_OPTION_ARG_STRING, &options.context,
     "The profile or container that choices are kept for", "NAME"},
    {"no-prompt", 0, 0, G_OPTION_ARG_NONE, &options.no_prompt, "Ask nobody", NULL},
    {"plain", 0, 0, G_OPTION_ARG_NONE, &options.plain,
     "Ask with one line for each thing, for screen readers", NULL},
    G_OPTION_ENTRY_NULL,
};

/* ---- the program ----------------------------------------------------------------------------- */

/* 126 and 127 as env(1) and every shell have them. */
static gboolean
fail_program(const char *program, int number, GError **error)
{
    g_set_error(error, MEISHI_CLI_ERROR,
                number == ENOENT ? MEISHI_CLI_ERROR_NO_PROGRAM : MEISHI_CLI_ERROR_NOT_EXECUTABLE,
                "%s cannot be run: %s.", program, g_strerror(number));
    return FALSE;
}

/* Before anybody is asked anything. */
static gboolean
check_program(const char *program, GError **error)
{
    g_autofree char *found = g_find_program_in_path(program);

    if (found != NULL)
        return TRUE;
    if (strchr(program, '/') != NULL && access(program, F_OK) == 0)
        return fail_program(program, EACCES, error);
    return fail_program(program, ENOENT, error);
}

/* What main() set up for us is not for the program. */
static gboolean
become(char **args, GError **error)
{
    fflush(stdout);
    if (!meishi_command_ignored_pipe)
        signal(SIGPIPE, SIG_DFL);
    execvp(args[0], args);
    return fail_program(args[0], errno, error);
}

/* ---- the command ----------------------------------------------------------------------------- */

static gboolean
is_allowed(const MeishiSelection *selection, const MeishiTarget *target, GError **error)
{
    g_autoptr(GError) cause = NULL;

    if (meishi_selection_check(selection, target, &cause))
        return TRUE;
    if (options.allow_none && g_error_matches(cause, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_NONE))
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&cause));
    return FALSE;
}

/* The client's socket is closed when the program starts; the binding is the process's. */
static gboolean
bind_process(const MeishiTarget *target, GVariant *constraints, GError **error)
{
    const MeishiSelecting what = {.target = target,
                                  .constraints = constraints,
                                  .context = options.context,
                                  .may_ask = !options.no_prompt,
                                  .plain = options.plain};
    g_autoptr(MeishiClient) client = meishi_client_connect(TRUE, error);
    g_autoptr(MeishiSelection) selection =
        client != NULL ? meishi_selecting_select(client, &what, error) : NULL;

    return selection != NULL && is_allowed(selection, target, error) &&
           meishi_selecting_bind(client, selection, error);
}

static MeishiTarget *
parse_target(GError **error)
{
    if (options.target != NULL)
        return meishi_target_parse(options.target, error);
    g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_USAGE,
                "Say which server it is for: --target=HOST[:PORT].");
    return NULL;
}

/* A server that asks for nothing now may do so for another path: the program knows that better. */
static gboolean
run(char **args, GError **error)
{
    const MeishiInquiry inquiry = {
        .probe = !options.no_probe, .cas = options.cas, .ca_file = options.ca_file};
    g_autoptr(MeishiTarget) target = parse_target(error);
    g_autoptr(GVariant) constraints = NULL;
    gboolean asked;

    return target != NULL && check_program(args[0], error) &&
           meishi_inquiry_run(&inquiry, target, &constraints, &asked, error) &&
           bind_process(target, constraints, error) && become(args, error);
}

const MeishiCommand meishi_command_exec = {
    .name = "exec",
    .usage = "--target=HOST[:PORT] -- PROGRAM [ARGUMENT...]",
    .summary = "Run a program that sees the certificate for one server alone",
    .text = "Selects as `meishi select` does and then becomes PROGRAM, which sees through PKCS#11 "
            "the identity that was selected and no other, and so does whatever it starts. What "
            "follows “--” is the program's. Where nothing is selected, the program is not run: "
            "exit status 10, 11 and 12 as for `meishi select`; 126 and 127 as for env(1).",
    .example = "meishi exec --target=vpn.example.com -- wget --certificate=pkcs11:token=Meishi "
               "https://vpn.example.com/",
    .options = entries,
    .min_args = 1,
    .max_args = G_MAXUINT,
    .argument = MEISHI_ARGUMENT_FILE,
    .keeps_process = TRUE,
    .run = run,
};
