/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * org.meishi.Agent1.Identity for one identity on one connection.  Private to daemon/bus.
 */
#pragma once

#include <gio/gio.h>

#include "daemon/agent/agent.h"

/* The object's path, from the store's row ids, which are never used again.  A new string. */
char *meishi_identity_object_path(const MeishiIdentity *identity);
/* The path that @identity had, or would have, as a key without certificate. */
char *meishi_identity_object_bare_path(const MeishiIdentity *identity);

GDBusObjectSkeleton *
meishi_identity_object_new(MeishiAgent *agent, MeishiIdentity *identity, const char *path);

/* Takes the changed facts over; listeners are told of what differs. */
void meishi_identity_object_update(GDBusObjectSkeleton *object, MeishiIdentity *identity);
