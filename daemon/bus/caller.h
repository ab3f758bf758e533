/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Who calls, and what they may: the same user on either door, and from a sandbox the selecting
 * interfaces alone.  Private to daemon/bus.
 */
#pragma once

#include <gio/gio.h>

#include "daemon/agent/application.h"

/* So many programs on a message bus are known at a time, as each keeps a descriptor open. */
#define MEISHI_CALLER_MAX 128

/* Lets methods of @skeleton be called by our own user only and, where @skeleton is not one of
 * those a sandboxed program may use, by unsandboxed programs only.  On a message bus the sender is
 * asked of the bus, without blocking, unless it is known; a private connection was checked when it
 * was accepted. */
void meishi_caller_guard(GDBusInterfaceSkeleton *skeleton);

/* The other end of a private connection; a reference is taken. */
void meishi_caller_admit(GDBusConnection *connection, MeishiApplication *application);

/* Calls @known, at once or later, with the program behind @sender, a unique name on the message bus
 * of @connection; with an error where it may not call, or has left. */
typedef void (*MeishiCallerKnown)(MeishiApplication *application, const GError *error,
                                  gpointer data);
void meishi_caller_identify(GDBusConnection *connection, const char *sender,
                            MeishiCallerKnown known, gpointer data);

/* The program behind @invocation, which has come through the guard: a reference.  Its trust is ANY
 * where the bus does not pin processes.  NOT_FOUND where it has left meanwhile. */
MeishiApplication *meishi_caller_application(GDBusMethodInvocation *invocation,
                                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What names the connection that @invocation came from while it is open: two are equal if they are
 * the same.  To be compared, not to be looked into.  NULL where it has left meanwhile. */
gpointer meishi_caller_owner(GDBusMethodInvocation *invocation);

/* May a sandboxed program call it? */
gboolean meishi_caller_is_open_to_sandbox(const char *interface, const char *method);
