/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a token says of itself, for people who want to know why it does not do what they expect.
 */
#pragma once

#include "daemon/agent/agent.h"

/* Of the token that is shown as @label: a{sv} as Token.Inspect of the D-Bus interface has it;
 * floating.  NOT_FOUND. */
GVariant *meishi_agent_inspect_token(MeishiAgent *agent, const char *label,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
