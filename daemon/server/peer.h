/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Who is at the other end of a socket: what the kernel says, never what the caller says.
 */
#pragma once

#include <glib.h>
#include <sys/types.h>

typedef struct {
    pid_t pid;
    uid_t uid;
    gid_t gid;
    int pidfd; /* -1 where the kernel has none */
    char *exe; /* from /proc at connect time; NULL where it may not be read */
} MeishiPeer;

/* Reads the credentials of the connected unix socket @fd.  DENIED for another user (root may not
 * either).  A new peer. */
MeishiPeer *meishi_peer_new(int fd, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void meishi_peer_free(MeishiPeer *peer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiPeer, meishi_peer_free)

/* May a process of user @caller use what belongs to user @owner?  Nobody else may, root neither. */
gboolean meishi_peer_may_call(uid_t caller, uid_t owner);

gboolean meishi_peer_is_alive(const MeishiPeer *peer);
