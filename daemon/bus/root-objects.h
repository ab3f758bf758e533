/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The interfaces on /org/meishi/Agent1.  Each function makes the skeleton of one for one
 * connection; what the skeleton needs besides hangs on it and goes with the door.  Private to
 * daemon/bus.
 */
#pragma once

#include "daemon/bus/door.h"

/* What g_object_set_data() keeps on a skeleton under this name ends with its door, once nobody can
 * call any more; the skeleton itself may be held by others for a while. */
#define MEISHI_ROOT_DATA "meishi-root"

/* @context has to outlive what is returned. */
typedef GDBusInterfaceSkeleton *(*MeishiRootObject)(const MeishiDoorContext *context);

GDBusInterfaceSkeleton *meishi_agents_object_new(const MeishiDoorContext *context);
GDBusInterfaceSkeleton *meishi_choices_object_new(const MeishiDoorContext *context);
GDBusInterfaceSkeleton *meishi_manager_object_new(const MeishiDoorContext *context);
GDBusInterfaceSkeleton *meishi_policy_object_new(const MeishiDoorContext *context);
GDBusInterfaceSkeleton *meishi_selector_object_new(const MeishiDoorContext *context);
GDBusInterfaceSkeleton *meishi_vault_object_new(const MeishiDoorContext *context);
