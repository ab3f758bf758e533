/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * SO_PEERCRED is what the kernel noted at connect(); SO_PEERPIDFD names the same process for good,
 * while its number may be given to another.  The path of the program is a hint for logs and
 * prompts: the process may have executed something else since.
 */
#include "daemon/server/peer.h"

#include "daemon/base/error.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef SO_PEERPIDFD /* Linux 6.5; older headers lack it */
#define SO_PEERPIDFD 77
#endif

gboolean
meishi_peer_may_call(uid_t caller, uid_t owner)
{
    return caller == owner;
}

static char *
read_exe(pid_t pid)
{
    g_autofree char *link = g_strdup_printf("/proc/%d/exe", (int)pid);

    return g_file_read_link(link, NULL);
}

static int
read_pidfd(int fd)
{
    int pidfd = -1;
    socklen_t len = sizeof pidfd;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &len) < 0)
        return -1;
    return pidfd;
}

MeishiPeer *
meishi_peer_new(int fd, GError **error)
{
    g_autoptr(MeishiPeer) peer = NULL;
    struct ucred cred;
    socklen_t len = sizeof cred;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_DENIED,
                    "the kernel does not say who is calling: %s", g_strerror(errno));
        return NULL;
    }
    if (!meishi_peer_may_call(cred.uid, getuid())) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_DENIED,
                    "process %d runs under user id %u, which is not ours", (int)cred.pid,
                    (guint)cred.uid);
        return NULL;
    }
    peer = g_new0(MeishiPeer, 1);
    peer->pid = cred.pid;
    peer->uid = cred.uid;
    peer->gid = cred.gid;
    peer->pidfd = read_pidfd(fd);
    peer->exe = read_exe(cred.pid);
    return g_steal_pointer(&peer);
}

void
meishi_peer_free(MeishiPeer *peer)
{
    if (peer == NULL)
        return;
    if (peer->pidfd >= 0)
        close(peer->pidfd);
    g_free(peer->exe);
    g_free(peer);
}

/* A pidfd is readable once its process has ended; pidfd_open(2).  Without one, the number has to
 * do, which may be somebody else's by now. */
gboolean
meishi_peer_is_alive(const MeishiPeer *peer)
{
    struct pollfd poller = {.fd = peer->pidfd, .events = POLLIN};

    if (peer->pidfd < 0)
        return kill(peer->pid, 0) == 0 || errno == EPERM;
    return poll(&poller, 1, 0) == 0;
}
