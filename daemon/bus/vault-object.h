/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * org.meishi.Agent1.Vault on one connection.  Private to daemon/bus.
 */
#pragma once

#include <gio/gio.h>

#include "daemon/agent/agent.h"

typedef struct MeishiVaultObject MeishiVaultObject;

MeishiVaultObject *meishi_vault_object_new(MeishiAgent *agent);
gboolean meishi_vault_object_export(MeishiVaultObject *vault, GDBusConnection *connection,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
void meishi_vault_object_free(MeishiVaultObject *vault); /* NULL is fine */
