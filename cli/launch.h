/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Starting meishid where neither systemd nor D-Bus does, and finding the programs beside it.
 */
#pragma once

#include <gio/gio.h>

/* Starts the daemon in the background and waits until it serves @socket; returns a connection to
 * it.  Where it ends instead, the error is what it said. */
GSocketConnection *
meishi_launch_daemon(const char *socket, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A connection to @socket, where our own user listens; G_IO_ERROR_NOT_FOUND or
 * G_IO_ERROR_CONNECTION_REFUSED where nobody does. */
GSocketConnection *
meishi_launch_connect(const char *socket, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Our program @name of libexec: beside this very program first, so that a tree that was moved, or
 * two of them, work; then the build directory, @build_dir from here; then where it was configured
 * to be.  NULL where it is not installed. */
char *meishi_launch_find(const char *name, const char *build_dir);
