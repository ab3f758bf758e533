/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Setting up a token, blank or not, for a person who asked for it.  Main loop.
 */
#pragma once

#include "daemon/agent/agent.h"

typedef struct {
    const char *token;    /* as it is shown (place->slot_label) */
    const char *label;    /* what it is to be called */
    MeishiSecret *so_pin; /* NULL: typed at its own keys, as the next one */
    MeishiSecret *pin;
    gboolean erases; /* the person agrees that what is on it goes */
} MeishiTokenSetup;

/* NOT_FOUND: no such token is there; EXISTS: something may be on it, and the person did not agree;
 * INVALID_ARGUMENT: a label or PIN that it does not take; else as meishi_token_init_async().  Done
 * when the token is seen under its new name. */
void meishi_agent_set_up_token_async(MeishiAgent *agent, const MeishiTokenSetup *setup,
                                     GAsyncReadyCallback callback, gpointer user_data);
gboolean meishi_agent_set_up_token_finish(MeishiAgent *agent, GAsyncResult *result,
                                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
