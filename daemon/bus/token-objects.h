/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * org.meishi.Agent1.Token: the PKCS#11 tokens that programs see, those of the vault and one for
 * each role of the policy.  Private to daemon/bus.
 */
#pragma once

#include <gio/gio.h>

#include "daemon/agent/agent.h"
#include "daemon/policy/rule.h"

/* Brings the tokens below @objects in step with @agent. */
void meishi_token_objects_update(GDBusObjectManagerServer *objects, MeishiAgent *agent);

/* Path of the identity that @role holds for a program of no particular kind; "/" for none.  New. */
char *meishi_token_objects_role_identity(MeishiAgent *agent, const MeishiRole *role);
