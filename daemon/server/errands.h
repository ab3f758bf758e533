/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Errands: what requests need from the main loop.  Another layout, a person's word, a key that is
 * not in memory yet, a login, a token that is to come or go.
 *
 * Lives on the main loop.  Owns the connections that it is given until it gives each of them back,
 * and watches them meanwhile: a client that hangs up has its errand cancelled.
 */
#pragma once

#include "daemon/agent/agent.h"
#include "daemon/server/conn.h"

typedef struct MeishiErrands MeishiErrands;

typedef struct {
    MeishiAgent *agent;                                   /* borrowed */
    MeishiAudiences *audiences;                           /* borrowed */
    void (*resume)(MeishiConn *conn, gpointer user_data); /* its errand is done */
    void (*drop)(MeishiConn *conn, gpointer user_data);   /* it hung up */
    gpointer user_data;
} MeishiErrandsOptions;

MeishiErrands *meishi_errands_new(const MeishiErrandsOptions *options);

/* Drops every connection that it still has; what the agent is at is cut loose.  NULL is fine. */
void meishi_errands_free(MeishiErrands *errands);

/* Takes @conn, whose errand is set. */
void meishi_errands_run(MeishiErrands *errands, MeishiConn *conn);

/* A token came or went for @audience: answers those of it who waited for that. */
void meishi_errands_slot_event(MeishiErrands *errands, MeishiAudience *audience);

/* From now on whatever waits for a token or a person ends with CANCELLED; keys are still
 * unsealed. */
void meishi_errands_wind_up(MeishiErrands *errands);

/* Cancels everything. */
void meishi_errands_cancel(MeishiErrands *errands);
