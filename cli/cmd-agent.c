/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * meishi agent: asks on this terminal what the daemon wants to know, for programs that cannot.
 */
#include "cli/client.h"
#include "cli/command.h"
#include "cli/error.h"
#include "cli/pinentry-program.h"
#include "cli/tty-prompter.h"

#include <glib-unix.h>
#include <signal.h>

static struct {
    gboolean tty, plain;
    char *pinentry;
} options;

static const GOptionEntry entries[] = {
    {"tty", 0, 0, G_OPTION_ARG_NONE, &options.tty, "Ask on this terminal", NULL},
    {"plain", 0, 0, G_OPTION_ARG_NONE, &options.plain,
     "Ask with one line for each thing, for screen readers", NULL},
    {"pinentry", 0, 0, G_OPTION_ARG_FILENAME, &options.pinentry,
     "Have this program ask for secrets and leave (“none”: ask here)", "PROGRAM"},
    G_OPTION_ENTRY_NULL,
};

typedef struct {
    GMainLoop *loop;
    MeishiTtyPrompter *prompter;
    gboolean is_closed;
} Watch;

static void
on_closed(GDBusConnection *connection, gboolean is_remote, GError *error, gpointer data)
{
    Watch *watch = data;

    watch->is_closed = TRUE;
    g_main_loop_quit(watch->loop);
}

/* At a question, "not now"; else the end. */
static gboolean
on_interrupt(gpointer data)
{
    Watch *watch = data;

    if (!meishi_tty_prompter_interrupt(watch->prompter))
        g_main_loop_quit(watch->loop);
    return G_SOURCE_CONTINUE;
}

static gboolean
on_end(gpointer data)
{
    Watch *watch = data;

    g_main_loop_quit(watch->loop);
    return G_SOURCE_CONTINUE;
}

static gboolean
watch_questions(MeishiClient *client, MeishiTtyPrompter *prompter, GError **error)
{
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    Watch watch = {.loop = loop, .prompter = prompter};
    gulong closed = g_signal_connect(client->connection, "closed", G_CALLBACK(on_closed), &watch);
    guint interrupt = g_unix_signal_add(SIGINT, on_interrupt, &watch);
    guint terminate = g_unix_signal_add(SIGTERM, on_end, &watch);
    guint hangup = g_unix_signal_add(SIGHUP, on_end, &watch);

    g_printerr("Questions are asked here until you press Ctrl-C.\n");
    g_main_loop_run(loop);
    g_source_remove(interrupt);
    g_source_remove(terminate);
    g_source_remove(hangup);
    g_signal_handler_disconnect(client->connection, closed);
    if (watch.is_closed)
        g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_FAILED, "The daemon has ended.");
    return !watch.is_closed;
}

static gboolean
fail_no_terminal(GError **error)
{
    g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_USAGE, "There is no terminal to ask on.");
    return FALSE;
}

/* What was typed counts before what is configured. */
static gboolean
find_pinentry(char **ret_program, GError **error)
{
    *ret_program = NULL;
    if (options.pinentry == NULL)
        return meishi_pinentry_program_configured(ret_program, error);
    return g_str_equal(options.pinentry, "none") ||
           meishi_pinentry_program_find(options.pinentry, ret_program, error);
}

static gboolean
run(char **args, GError **error)
{
    g_autoptr(MeishiClient) client = NULL;
    g_autoptr(MeishiTtyPrompter) prompter = NULL;
    g_autofree char *pinentry = NULL;
    g_autoptr(GError) cause = NULL;
    MeishiTtyPrompterOptions how = {.plain = options.plain};

    if (!options.tty) {
        g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_USAGE,
                    "Say where to ask: --tty is this terminal.");
        return FALSE;
    }
    if (!find_pinentry(&pinentry, error))
        return FALSE;
    client = meishi_client_connect(TRUE, error);
    if (client == NULL)
        return FALSE;
    how.pinentry = pinentry;
    prompter = meishi_tty_prompter_new(client->connection, &how, &cause);
    if (cause != NULL) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return meishi_client_failed(error);
    }
    return prompter != NULL ? watch_questions(client, prompter, error) : fail_no_terminal(error);
}

const MeishiCommand meishi_command_agent = {
    .name = "agent",
    .usage = "--tty",
    .summary = "Answer the questions of programs on this terminal",
    .text = "Asks on this terminal, until Ctrl-C, what programs need a person for: which "
            "certificate a server gets, whether a key may be used where policy wants that "
            "confirmed, the passphrase of a locked vault and the PIN of a token, which are not "
            "shown, and why it was decided so. `meishi select` and `meishi exec` ask for "
            "themselves.",
    .example = "meishi agent --tty",
    .options = entries,
    .run = run,
};
