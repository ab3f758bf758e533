/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the methods of org.meishi.Agent1.Token have in common: which token they are about, and the
 * secrets that come with them.  Private to daemon/bus.
 */
#pragma once

#include "daemon/bus/agent1.h"
#include "daemon/bus/call.h"

/* What a handler needs to know: the agent knows the token by the label that is shown. */
typedef struct {
    MeishiBusToken *skeleton; /* that it belongs to */
    MeishiAgent *agent;       /* outlives it */
} MeishiTokenSubject;

/* Connects @handler swapped, so that it gets the subject first and the arguments that it leaves out
 * are in the invocation. */
void meishi_token_subject_connect(MeishiBusToken *skeleton, MeishiAgent *agent, const char *signal,
                                  GCallback handler);

/* What was received under @name; NULL where that is empty: it is typed at the token's own keys. */
MeishiSecret *meishi_token_subject_secret(MeishiCall *call, const char *name);
