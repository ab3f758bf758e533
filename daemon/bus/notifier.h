/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiNotifier: shows notices through the desktop's notification server, org.freedesktop.
 * Notifications on the session bus.  What is worth showing is daemon/agent/notices.h's to say.
 *
 * The server may be absent, slow, dead or another one all of a sudden: nothing here waits for it.
 */
#pragma once

#include <gio/gio.h>

#include "daemon/agent/notices.h"

typedef struct MeishiNotifier MeishiNotifier;

/* Shows the notices of @notices on @bus from now on; borrows @notices. */
MeishiNotifier *meishi_notifier_new(MeishiNotices *notices, GDBusConnection *bus);
/* Closes those whose buttons nobody would answer any more.  NULL is fine. */
void meishi_notifier_free(MeishiNotifier *notifier);
