/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The interfaces on /org/meishi/Agent1.  Each function makes the skeleton of one for one
 * connection; what the skeleton needs besides hangs on it and goes with the door.  Private to
 * daemon/bus.
 */
#pragma once

#include "daemon/bus/door.h"

/* What g_object_set_data() keeps on a skeleton under this name ends with its door, and so do the
 * handlers of method calls that have it as their user data; the skeleton itself may be held for a
 * while by calls that are on their way through GDBus's threads. */
#define MEISHI_ROOT_DATA "meishi-root"

/* Takes it off its connection.  Calls that still come are of an unknown method. */
void meishi_root_object_free(GDBusInterfaceSkeleton *root);

/* @context has to outlive what is returned. */
typedef GDBusInterfaceSkeleton *(*MeishiRootObject)(const MeishiDoorContext *context);

GDBusInterfaceSkeleton *meishi_agents_object_new(const MeishiDoorContext *context);
GDBusInterfaceSkeleton *meishi_choices_object_new(const MeishiDoorContext *context);
GDBusInterfaceSkeleton *meishi_manager_object_new(const MeishiDoorContext *context);
GDBusInterfaceSkeleton *meishi_policy_object_new(const MeishiDoorContext *context);
GDBusInterfaceSkeleton *meishi_selector_object_new(const MeishiDoorContext *context);
GDBusInterfaceSkeleton *meishi_vault_object_new(const MeishiDoorContext *context);
