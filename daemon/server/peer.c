/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A peer is its application; what is needed of the process is in there, pinned by a pidfd where the
 * kernel gives one.
 */
#include "daemon/server/peer.h"

MeishiPeer *
meishi_peer_new(int fd, GError **error)
{
    MeishiApplication *application = meishi_application_new_for_socket(fd, error);
    MeishiPeer *peer;

    if (application == NULL)
        return NULL;
    peer = g_new0(MeishiPeer, 1);
    peer->application = application;
    return peer;
}

void
meishi_peer_free(MeishiPeer *peer)
{
    if (peer == NULL)
        return;
    meishi_application_unref(peer->application);
    g_free(peer);
}
