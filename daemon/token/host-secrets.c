/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Each secret in a pipe of its own, whole and with its writing end closed, so that whoever reads it
 * never waits.
 */
#include "daemon/token/host-secrets.h"

#include <fcntl.h>
#include <unistd.h>

/* A pipe holds a secret better than a memory file: its pages are never swapped out.  It may be
 * small where somebody has many of them, and then takes less than it is given. */
static int
open_secret(MeishiSecret *pin, gsize max)
{
    int pipe_fds[2];
    gsize len = meishi_secret_len(pin);
    gboolean is_whole;

    if (len > max || pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK) != 0)
        return -1;
    is_whole = write(pipe_fds[1], meishi_secret_data(pin), len) == (gssize)len;
    close(pipe_fds[1]);
    if (is_whole)
        return pipe_fds[0];
    close(pipe_fds[0]);
    return -1;
}

gboolean
meishi_host_secrets_open(const MeishiHostRequest *request, struct meishi_packet_fds *ret)
{
    ret->n = 0;
    for (guint i = 0; i < request->n_pins; i++) {
        int fd = open_secret(request->pins[i], meishi_host_request_max_secret(request));

        if (fd < 0)
            return FALSE;
        ret->fd[ret->n++] = fd;
    }
    return TRUE;
}
