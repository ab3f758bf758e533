/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The wire side of the daemon: the socket that PKCS#11 modules connect to.
 *
 * Accepting, checking who calls, and everything that needs a decision happen on the main loop;
 * frames are read and answered by a small pool of workers, which sign with keys from the agent's
 * cache without passing through the main loop.
 */
#pragma once

#include <gio/gio.h>

#include "daemon/agent/agent.h"

typedef struct MeishiServer MeishiServer;

/* Serves @agent on @listen_fd (a listening SOCK_SEQPACKET socket; taken over).  @n_workers 0:
 * one per processor, at least two. */
MeishiServer *meishi_server_new(MeishiAgent *agent, int listen_fd, guint n_workers,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Stops accepting, lets operations under way finish (at most @grace_ms), ends the workers. */
void meishi_server_stop(MeishiServer *server, guint grace_ms);
void meishi_server_free(MeishiServer *server); /* after meishi_server_stop(); NULL is fine */

guint meishi_server_n_clients(MeishiServer *server);

/* Makes the listening socket at @path: removes a dead one, refuses a live one (BUSY), mode 0600.
 * @type is SOCK_SEQPACKET or SOCK_STREAM.  -1 on error. */
int meishi_listen(const char *path, int type, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The socket called @name (or of type @type where unnamed) that systemd passed us, else -1. */
int meishi_listen_inherited(const char *name, int type);
