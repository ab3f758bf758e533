/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * meishi-tokenhost [--network] MODULE: loads one foreign PKCS#11 module and does with it what the
 * daemon asks for over MEISHI_HOST_FD.  Started by the daemon alone.
 *
 * The main thread reads requests and hands them on; it never calls the module, and so it always
 * notices that the daemon is gone.  Deadlines are the daemon's: it kills a host that is late.
 */
#include "config.h"

#include "daemon/tokenhost/confine.h"
#include "daemon/tokenhost/worker.h"
#include "module/wire/packet.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define STOP_GRACE_S 3

/* PINs are whole in their pipes before the request is sent, so this does not wait. */
static gboolean
read_pins(MeishiHostRequest *request, const struct meishi_packet_fds *fds)
{
    for (guint i = 0; i < fds->n; i++) {
        request->pins[i] =
            meishi_secret_new_from_fd(fds->fd[i], meishi_host_request_max_secret(request), NULL);
        if (request->pins[i] == NULL)
            return FALSE;
    }
    return TRUE;
}

/* FALSE where the daemon went, or what came is not from it. */
static gboolean
serve(MeishiWorkers *workers)
{
    g_autofree guint8 *frame = g_malloc(MEISHI_WIRE_MAX_FRAME);
    struct meishi_packet_fds fds = {.n = 0};
    g_autoptr(GBytes) bytes = NULL;
    MeishiHostRequest request;
    gboolean is_good;
    ssize_t n = meishi_packet_recv(MEISHI_HOST_FD, frame, MEISHI_WIRE_MAX_FRAME, 0, &fds);

    if (n <= 0)
        return FALSE;
    bytes = g_bytes_new(frame, (gsize)n);
    is_good = meishi_host_request_decode(g_bytes_get_data(bytes, NULL), (gsize)n, &request) &&
              request.n_pins == fds.n && read_pins(&request, &fds);
    meishi_packet_fds_close(&fds);
    if (is_good)
        meishi_workers_run(workers, &request, g_steal_pointer(&bytes));
    else
        meishi_host_request_clear(&request);
    return is_good;
}

/* The module may hang in C_Finalize like anywhere else, and nobody is left to kill it. */
static void
stop(MeishiWorkers *workers)
{
    sigset_t alarms;

    (void)sigemptyset(&alarms);
    (void)sigaddset(&alarms, SIGALRM);
    (void)signal(SIGALRM, SIG_DFL);
    (void)pthread_sigmask(SIG_UNBLOCK, &alarms, NULL);
    (void)alarm(STOP_GRACE_S);
    meishi_foreign_stop(meishi_workers_foreign(workers));
}

static int
print_version(void)
{
    g_print("meishi-tokenhost %s\n", MEISHI_VERSION);
    return EXIT_SUCCESS;
}

static gboolean
is_socket(int fd)
{
    int type = 0;
    socklen_t len = sizeof type;

    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_SEQPACKET;
}

int
main(int argc, char **argv)
{
    const gboolean allows_network = argc == 3 && strcmp(argv[1], MEISHI_HOST_NETWORK) == 0;
    const char *module = argv[allows_network ? 2 : 1];
    MeishiWorkers *workers;

    if (argc == 2 && strcmp(argv[1], "--version") == 0)
        return print_version();
    if (argc != (allows_network ? 3 : 2) || module[0] != '/' || !is_socket(MEISHI_HOST_FD)) {
        g_printerr("meishi-tokenhost is started by meishid; there is nothing to do by hand.\n");
        return EXIT_FAILURE;
    }
    meishi_confine(allows_network);
    workers = meishi_workers_new(module, MEISHI_HOST_FD);
    while (serve(workers)) {
    }
    stop(workers);
    _exit(EXIT_SUCCESS);
}
