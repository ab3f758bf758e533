/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The methods of org.meishi.Agent1.Token that set it up and look into it.  Private to daemon/bus.
 */
#pragma once

#include "daemon/agent/agent.h"
#include "daemon/bus/agent1.h"

/* Answers them for the token that @skeleton shows; @agent outlives it. */
void meishi_token_setup_connect(MeishiBusToken *skeleton, MeishiAgent *agent);
