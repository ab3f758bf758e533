/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A socket pair for requests and a pipe for whatever the module prints.  The host inherits the
 * environment, in which modules look for their configuration, without what is meant for a service.
 */
#include "daemon/token/host-process.h"

#include "daemon/base/error.h"
#include "daemon/base/source.h"
#include "daemon/tokenhost/protocol.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct MeishiHostProcess {
    GSubprocess *subprocess;
    GCancellable *cancellable; /* of waiting for its end */
    int sock;
    GSource *source;
    MeishiOutput *output;
    MeishiHostProcessOptions options;
};

static gboolean
on_readable(int fd, GIOCondition condition, gpointer user_data)
{
    MeishiHostProcess *process = user_data;

    return process->options.readable(process->options.user_data);
}

static char *
describe_end(GSubprocess *subprocess)
{
    if (g_subprocess_get_if_signaled(subprocess))
        return g_strdup_printf("was ended by signal %d", g_subprocess_get_term_sig(subprocess));
    return g_strdup_printf("ended with status %d", g_subprocess_get_exit_status(subprocess));
}

static void
on_ended(GObject *source, GAsyncResult *result, gpointer user_data)
{
    MeishiHostProcess *process = user_data;
    g_autoptr(GError) error = NULL;
    g_autofree char *how = NULL;

    if (!g_subprocess_wait_finish(G_SUBPROCESS(source), result, &error))
        return; /* cancelled: @process is gone */
    how = describe_end(G_SUBPROCESS(source));
    meishi_source_clear(&process->source);
    process->options.ended(how, process->options.user_data);
}

/* ---- starting ------------------------------------------------------------------------------ */

static gboolean
make_channels(int pair[2], int output[2], GError **error)
{
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_FAILED, "socketpair: %s.", g_strerror(errno));
        return FALSE;
    }
    if (pipe2(output, O_CLOEXEC) != 0) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_FAILED, "pipe: %s.", g_strerror(errno));
        close(pair[0]);
        close(pair[1]);
        return FALSE;
    }
    return TRUE;
}

static GSubprocess *
spawn(const MeishiHostProcessOptions *options, int sock, int output, GError **error)
{
    static const char *const service_variables[] = {"NOTIFY_SOCKET", "LISTEN_PID", "LISTEN_FDS",
                                                    "LISTEN_FDNAMES", "WATCHDOG_USEC"};
    g_autoptr(GSubprocessLauncher) launcher = g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_NONE);
    const char *argv[] = {options->program,
                          options->network ? MEISHI_HOST_NETWORK : options->module,
                          options->network ? options->module : NULL, NULL};
    g_autoptr(GError) cause = NULL;
    GSubprocess *subprocess;

    g_subprocess_launcher_take_fd(launcher, sock, MEISHI_HOST_FD);
    g_subprocess_launcher_take_stdout_fd(launcher, fcntl(output, F_DUPFD_CLOEXEC, 0));
    g_subprocess_launcher_take_stderr_fd(launcher, output);
    g_subprocess_launcher_set_cwd(launcher, "/");
    for (gsize i = 0; i < G_N_ELEMENTS(service_variables); i++)
        g_subprocess_launcher_unsetenv(launcher, service_variables[i]);
    subprocess = g_subprocess_launcher_spawnv(launcher, argv, &cause);
    if (subprocess == NULL)
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_UNAVAILABLE, "%s cannot be started: %s.",
                    options->program, cause->message);
    return subprocess;
}

MeishiHostProcess *
meishi_host_process_new(const MeishiHostProcessOptions *options, GError **error)
{
    g_autoptr(MeishiHostProcess) process = NULL;
    int pair[2], output[2];

    if (!make_channels(pair, output, error))
        return NULL;
    process = g_new0(MeishiHostProcess, 1);
    process->options = *options;
    process->sock = pair[0];
    process->output = meishi_output_new(output[0], options->said, options->user_data);
    process->subprocess = spawn(options, pair[1], output[1], error);
    if (process->subprocess == NULL)
        return NULL;
    process->cancellable = g_cancellable_new();
    process->source = g_unix_fd_source_new(process->sock, G_IO_IN | G_IO_HUP | G_IO_ERR);
    g_source_set_callback(process->source, G_SOURCE_FUNC(on_readable), process, NULL);
    g_source_attach(process->source, g_main_context_get_thread_default());
    g_subprocess_wait_async(process->subprocess, process->cancellable, on_ended, process);
    return g_steal_pointer(&process);
}

/* ---- ending -------------------------------------------------------------------------------- */

void
meishi_host_process_free(MeishiHostProcess *process)
{
    if (process == NULL)
        return;
    if (process->cancellable != NULL)
        g_cancellable_cancel(process->cancellable);
    g_clear_object(&process->cancellable);
    g_clear_object(&process->subprocess);
    meishi_source_clear(&process->source);
    close(process->sock);
    meishi_output_free(process->output);
    g_free(process);
}

int
meishi_host_process_socket(const MeishiHostProcess *process)
{
    return process->sock;
}

void
meishi_host_process_kill(MeishiHostProcess *process)
{
    g_subprocess_force_exit(process->subprocess);
}
