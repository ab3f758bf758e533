/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Our objects on one connection.  Private to daemon/bus.
 */
#pragma once

#include <gio/gio.h>

#include "daemon/agent/agent.h"
#include "daemon/bus/bus.h"

#define MEISHI_BUS_PATH "/org/meishi/Agent1"
#define MEISHI_BUS_NAME "org.meishi.Agent1"

/* What all doors share; outlives them. */
typedef struct {
    MeishiAgent *agent;
    MeishiBusStats stats;
    GSourceFunc quit;
    gpointer quit_data;
} MeishiDoorContext;

typedef struct MeishiDoor MeishiDoor;

/* Exports everything on @connection and keeps it in step with the agent.  NULL where the paths
 * are taken. */
MeishiDoor *meishi_door_new(const MeishiDoorContext *context, GDBusConnection *connection,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
void meishi_door_free(MeishiDoor *door);

GDBusConnection *meishi_door_connection(MeishiDoor *door);
