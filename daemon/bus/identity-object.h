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

/* The path of the identity with that id; "/" for "" and for one that is not here.  New. */
char *meishi_identity_object_path_of(MeishiAgent *agent, const char *id);

/* The way back: the identity at @path, a reference.  NOT_FOUND. */
MeishiIdentity *meishi_identity_object_find(MeishiAgent *agent, const char *path,
                                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Its id, or NULL for "/".  NOT_FOUND. */
gboolean meishi_identity_object_id_at(MeishiAgent *agent, const char *path, char **ret_id,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

GDBusObjectSkeleton *
meishi_identity_object_new(MeishiAgent *agent, MeishiIdentity *identity, const char *path);

/* Takes the changed facts over; listeners are told of what differs. */
void meishi_identity_object_update(GDBusObjectSkeleton *object, MeishiAgent *agent,
                                   MeishiIdentity *identity);
