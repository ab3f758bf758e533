/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Who is at the other end of a socket: what the kernel says, never what the caller says.
 */
#pragma once

#include "daemon/agent/application.h"

typedef struct {
    MeishiApplication *application; /* which program; never NULL */
} MeishiPeer;

/* Reads the credentials of the connected unix socket @fd.  DENIED for another user (root may not
 * either) and for a sandbox that does not say which application it is; NOT_FOUND where the process
 * is gone.  A new peer. */
MeishiPeer *meishi_peer_new(int fd, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void meishi_peer_free(MeishiPeer *peer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiPeer, meishi_peer_free)
