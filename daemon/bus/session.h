/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The session bus, where there is one.  Private to daemon/bus.
 */
#pragma once

#include "daemon/bus/door.h"

typedef struct MeishiSession MeishiSession;

/* @context has to outlive it. */
MeishiSession *meishi_session_new(const MeishiDoorContext *context);
void meishi_session_free(MeishiSession *session); /* NULL is fine */

/* Looks for the bus where it was not found or went away; does nothing while it is there. */
void meishi_session_connect(MeishiSession *session);
