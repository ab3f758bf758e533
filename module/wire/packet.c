/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * sendmsg() and recvmsg() with descriptors.  Whatever the peer attaches beyond what is allowed
 * is closed before an error is returned: a descriptor is never lost into the host process.
 */
#include "module/wire/packet.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Room for the descriptors that are allowed; the kernel drops what does not fit (MSG_CTRUNC). */
union control {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(MEISHI_WIRE_MAX_FDS * sizeof(int))];
};

static void
attach_fds(struct msghdr *message, union control *control, const struct meishi_packet_fds *fds)
{
    struct cmsghdr *head;

    memset(control, 0, sizeof *control);
    message->msg_control = control->bytes;
    message->msg_controllen = CMSG_SPACE(fds->n * sizeof(int));
    head = CMSG_FIRSTHDR(message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(fds->n * sizeof(int));
    memcpy(CMSG_DATA(head), fds->fd, fds->n * sizeof(int));
}

int
meishi_packet_send(int sock, const void *data, size_t len, const struct meishi_packet_fds *fds,
                   int flags)
{
    struct iovec part = {.iov_base = (void *)data, .iov_len = len};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    union control control;
    ssize_t sent;

    if (fds != NULL && fds->n > 0)
        attach_fds(&message, &control, fds);
    do
        sent = sendmsg(sock, &message, flags | MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : 0;
}

/* Moves what came with @message to @ret; false where something else than SCM_RIGHTS came. */
static bool
collect_fds(struct msghdr *message, struct meishi_packet_fds *ret)
{
    struct cmsghdr *head;
    bool is_clean = true;

    for (head = CMSG_FIRSTHDR(message); head != NULL; head = CMSG_NXTHDR(message, head)) {
        size_t n = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);

        if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS ||
            n > MEISHI_WIRE_MAX_FDS - ret->n) {
            is_clean = false;
            continue;
        }
        memcpy(ret->fd + ret->n, CMSG_DATA(head), n * sizeof(int));
        ret->n += (unsigned)n;
    }
    return is_clean;
}

static int
check_packet(const struct msghdr *message, bool is_clean, unsigned n_fds, bool may_have_fds)
{
    if ((message->msg_flags & MSG_TRUNC) != 0)
        return -EMSGSIZE;
    if ((message->msg_flags & MSG_CTRUNC) != 0 || !is_clean || (n_fds > 0 && !may_have_fds))
        return -EPROTO;
    return 0;
}

ssize_t
meishi_packet_recv(int sock, void *data, size_t cap, int flags, struct meishi_packet_fds *ret_fds)
{
    struct iovec part = {.iov_base = data, .iov_len = cap};
    union control control;
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    struct meishi_packet_fds fds = {.n = 0};
    bool is_clean;
    ssize_t got;
    int r;

    do
        got = recvmsg(sock, &message, flags | MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return -errno;
    is_clean = collect_fds(&message, &fds);
    r = check_packet(&message, is_clean, fds.n, ret_fds != NULL);
    if (r < 0) {
        meishi_packet_fds_close(&fds);
        return r;
    }
    if (ret_fds != NULL)
        *ret_fds = fds;
    return got;
}

void
meishi_packet_fds_close(struct meishi_packet_fds *fds)
{
    for (unsigned i = 0; i < fds->n; i++)
        if (fds->fd[i] >= 0)
            close(fds->fd[i]);
    fds->n = 0;
}
