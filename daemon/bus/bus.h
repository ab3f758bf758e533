/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The management door: org.meishi.Agent1 on the session bus, and the same objects on a private
 * socket for machines without one (and for `meishi`, always).  data/dbus/org.meishi.Agent1.xml is
 * the reference.
 */
#pragma once

#include <gio/gio.h>

#include "daemon/agent/agent.h"

typedef struct MeishiBus MeishiBus;

typedef struct {
    guint (*n_clients)(gpointer user_data);
    gpointer user_data;
} MeishiBusStats;

/* Exports @agent's objects on every connection to @listen_fd (a listening SOCK_STREAM socket;
 * taken over; other users are refused) and, where there is a session bus, under the name
 * org.meishi.Agent1 there.  The lack of a session bus is no error. */
MeishiBus *meishi_bus_new(MeishiAgent *agent, int listen_fd, const MeishiBusStats *stats,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
void meishi_bus_free(MeishiBus *bus);

/* Calls @quit on the main loop when a caller asked the daemon to end (Manager.Quit). */
void meishi_bus_on_quit(MeishiBus *bus, GSourceFunc quit, gpointer user_data);
