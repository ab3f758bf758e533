/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * org.meishi.Agent1.Request: one SelectIdentity under way.  Ends with exactly one Response to its
 * caller, or silently where the caller has gone.  Private to daemon/bus.
 */
#pragma once

#include <gio/gio.h>

#include "daemon/agent/selector.h"

typedef struct MeishiRequestObject MeishiRequestObject;

/* Called when @request is over, which frees it. */
typedef void (*MeishiRequestOver)(MeishiRequestObject *request, gpointer user_data);

/* An object at @path for the caller of @invocation, which stays the maker's until
 * meishi_request_object_start().  EXISTS where the path is taken. */
MeishiRequestObject *meishi_request_object_new(GDBusMethodInvocation *invocation, const char *path,
                                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Takes @call and answers the invocation: with the path, or with what went wrong at once. */
void
meishi_request_object_start(MeishiRequestObject *request, MeishiAgent *agent,
                            MeishiSelectCall *call, MeishiRequestOver over, gpointer user_data);

/* We go, and the caller may still be there: it is told CANCELLED; then as abandon(). */
void meishi_request_object_give_up(MeishiRequestObject *request);

/* Nobody is there to answer any more: ends without a word, soon, and without calling back. */
void meishi_request_object_abandon(MeishiRequestObject *request);

const char *meishi_request_object_sender(const MeishiRequestObject *request); /* NULL: private */
