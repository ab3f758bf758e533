/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A TCP connection to a server, made within a time.  Times are of g_get_monotonic_time().
 */
#pragma once

#include "cli/target.h"

#include <gio/gio.h>

/* Looks the host up and connects, without proxies; the socket does not block.  The error
 * (MEISHI_CLI_ERROR_FAILED) says which of the two did not work. */
GSocketConnection *meishi_connect_open(const MeishiTarget *target, gint64 deadline,
                                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* FALSE with an error once @deadline is past. */
gboolean meishi_connect_check(gint64 deadline, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Waits until @socket is ready for @condition; an error at @deadline. */
gboolean meishi_connect_wait(GSocket *socket, GIOCondition condition, gint64 deadline,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
