/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Keeps from sandboxed programs, and from other users, what GDBus answers without asking the guard:
 * properties and the list of objects.  Private to daemon/bus.
 */
#pragma once

#include "daemon/agent/application.h"

#include <gio/gio.h>

/* A message bus; before anything is exported on it. */
void meishi_screen_bus(GDBusConnection *connection);

/* A private connection to @application; before messages are delivered. */
void meishi_screen_private(GDBusConnection *connection, MeishiApplication *application);
