/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Accepts clients on the main loop, checks who they are, and hands them on.
 */
#pragma once

#include "daemon/server/peer.h"

typedef struct MeishiListener MeishiListener;

typedef struct {
    guint (*n_clients)(gpointer user_data);
    /* Takes @fd (non-blocking, close-on-exec) and @peer over. */
    void (*accepted)(int fd, MeishiPeer *peer, gpointer user_data);
    gpointer user_data;
} MeishiListenerOptions;

/* Takes @fd over and accepts at most @max_clients at the same time. */
MeishiListener *
meishi_listener_new(int fd, guint max_clients, const MeishiListenerOptions *options);
void meishi_listener_free(MeishiListener *listener); /* NULL is fine */
