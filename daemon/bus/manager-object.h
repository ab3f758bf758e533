/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * org.meishi.Agent1.Manager on one connection.  Private to daemon/bus.
 */
#pragma once

#include "daemon/bus/door.h"

typedef struct MeishiManagerObject MeishiManagerObject;

/* @context has to outlive it. */
MeishiManagerObject *meishi_manager_object_new(const MeishiDoorContext *context);
gboolean meishi_manager_object_export(MeishiManagerObject *manager, GDBusConnection *connection,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
void meishi_manager_object_free(MeishiManagerObject *manager); /* NULL is fine */
