/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One packet on a SOCK_SEQPACKET socket, with its descriptors.
 *
 * The only place that knows of SCM_RIGHTS.  Received descriptors are close-on-exec, never more
 * than MEISHI_WIRE_MAX_FDS, and belong to whoever received them.  No signal is ever raised.
 * Waiting is the caller's business: the flags decide whether a call blocks.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "module/wire/proto.h"

struct meishi_packet_fds {
    unsigned n;
    int fd[MEISHI_WIRE_MAX_FDS];
};

/* Sends @len bytes and the descriptors @fds (NULL: none; they stay open here).  @flags are added
 * to MSG_NOSIGNAL.  0 or a negative errno; EINTR is retried. */
int meishi_packet_send(int sock, const void *data, size_t len, const struct meishi_packet_fds *fds,
                       int flags) __attribute__((warn_unused_result));

/* Receives one packet of at most @cap bytes.  Returns its length, 0 at the end of the connection,
 * or a negative errno: -EAGAIN with MSG_DONTWAIT, -EMSGSIZE and -EPROTO where bytes or descriptors
 * were too many (those received are closed).  @ret_fds NULL: none may come. */
ssize_t meishi_packet_recv(int sock, void *data, size_t cap, int flags,
                           struct meishi_packet_fds *ret_fds) __attribute__((warn_unused_result));

/* Closes what is still in @fds and empties it. */
void meishi_packet_fds_close(struct meishi_packet_fds *fds);
