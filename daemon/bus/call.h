/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One method call on its way through the agent: who asked, what they sent by descriptor, and that
 * it ends when they go.  Private to daemon/bus.
 *
 * A handler makes a call, names the descriptors it expects, and hands it on; whoever ends it
 * (meishi_call_return*, meishi_call_fail) frees it.
 */
#pragma once

#include <gio/gio.h>
#include <gio/gunixfdlist.h>

#include "daemon/agent/agent.h"

typedef struct MeishiCall MeishiCall;
typedef void (*MeishiCallStep)(MeishiCall *call);

/* Takes @invocation over. */
MeishiCall *
meishi_call_new(MeishiAgent *agent, GDBusMethodInvocation *invocation, GUnixFDList *fds);

MeishiAgent *meishi_call_agent(MeishiCall *call);
GCancellable *meishi_call_cancellable(MeishiCall *call);
GVariant *meishi_call_parameters(MeishiCall *call); /* the method's arguments; borrowed */

/* What the steps of one call share; @destroy frees it with the call. */
void meishi_call_set_data(MeishiCall *call, gpointer data, GDestroyNotify destroy);
gpointer meishi_call_data(MeishiCall *call);

/* Expects descriptor @handle, at most @max bytes, to be found as @name.  INVALID_ARGUMENT. */
gboolean meishi_call_expect(MeishiCall *call, const char *name, gint handle, gsize max,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Reads what is expected, then goes on with @next; ends the call where that fails. */
void meishi_call_receive(MeishiCall *call, MeishiCallStep next);

/* What was received under @name; NULL where it was not expected.  Borrowed. */
MeishiSecret *meishi_call_secret(MeishiCall *call, const char *name);
GBytes *meishi_call_bytes(MeishiCall *call, const char *name); /* a reference */

/* Everything received, in the order of meishi_call_expect() (MeishiReceiveItem).  Borrowed. */
GPtrArray *meishi_call_items(MeishiCall *call);

/* A descriptor that came with the call, to write to: a new one, or -1. */
int meishi_call_dup_fd(MeishiCall *call, gint handle, GError **error);

/* The ends.  @value is the tuple of results (floating), NULL for none; @error is taken over. */
void meishi_call_return(MeishiCall *call, GVariant *value);
void meishi_call_fail(MeishiCall *call, GError *error);
/* Returns nothing or fails, as @ok says. */
void meishi_call_end(MeishiCall *call, gboolean ok, GError *error);

/* The same without a call: answers @invocation as @ok says. */
void meishi_call_answer(GDBusMethodInvocation *invocation, gboolean ok, GError *error);
