/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How a secret goes to the daemon: by descriptor, never in a message.
 */
#pragma once

#include <gio/gunixfdlist.h>

#include "daemon/base/secret.h"

/* Appends @secret to @fds as a sealed memfd; returns its handle, -1 with IO on error. */
gint meishi_secret_fd_append(const MeishiSecret *secret, GUnixFDList *fds, GError **error);
