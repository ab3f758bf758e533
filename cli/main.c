/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * meishi: the command line of meishid.  Holds the table of commands; everything that is decided
 * about certificates and keys is decided in the daemon.
 */
#include "cli/command.h"
#include "cli/error.h"
#include "daemon/base/harden.h"

#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

const MeishiCommand *const meishi_commands[] = {
    &meishi_command_import,
    &meishi_command_list,
    &meishi_command_show,
    &meishi_command_rename,
    &meishi_command_set,
    &meishi_command_remove,
    &meishi_command_export,
    &meishi_command_select,
    &meishi_command_why,
    &meishi_command_probe,
    &meishi_command_test,
    &meishi_command_exec,
    &meishi_command_choices,
    &meishi_command_agent,
    &meishi_command_policy,
    &meishi_command_setup,
    &meishi_command_status,
    &meishi_command_doctor,
    &meishi_command_lock,
    &meishi_command_unlock,
    &meishi_command_vault,
    &meishi_command_token,
    NULL,
};

static gboolean
reader_is_gone(void)
{
    struct pollfd out = {.fd = STDOUT_FILENO};

    return poll(&out, 1, 0) == 1 && (out.revents & POLLERR) != 0;
}

/* A listing that a full disk cut short must not look like a whole one.  A reader who has seen
 * enough (`meishi list | head -1`) is another thing. */
static gboolean
check_output(GError **error)
{
    if ((fflush(stdout) == 0 && !ferror(stdout)) || reader_is_gone())
        return TRUE;
    g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_FAILED,
                "Not all of the output could be written.");
    return FALSE;
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;

    meishi_harden_self();
    setlocale(LC_ALL, "");
    g_set_prgname("meishi");
    /* A reader that goes away is an error to report, not a reason to die half done. */
    meishi_command_ignored_pipe = signal(SIGPIPE, SIG_IGN) == SIG_IGN;
    if (meishi_command_dispatch(argv + (argc > 0), &error) && check_output(&error))
        return MEISHI_EXIT_OK;
    meishi_error_print(error);
    return meishi_error_exit_status(error);
}
