/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Who may call: the same user, on either door.  Private to daemon/bus.
 */
#pragma once

#include <gio/gio.h>

/* Lets methods of @skeleton be called by our own user only.  On a message bus the sender's user is
 * asked of the bus, once per sender and without blocking; a private connection was checked when
 * it was accepted. */
void meishi_caller_guard(GDBusInterfaceSkeleton *skeleton);
