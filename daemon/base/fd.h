/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Descriptors: writing to its end, and memory files that nobody changes any more.
 */
#pragma once

#include <glib.h>

/* All of @bytes, going on after signals and short writes.  FALSE with errno. */
gboolean meishi_fd_write_all(int fd, gconstpointer bytes, gsize len) G_GNUC_WARN_UNUSED_RESULT;

/* Seals the memfd @fd (made with MFD_ALLOW_SEALING): from now on it is only read.  FALSE with
 * errno. */
gboolean meishi_fd_seal(int fd) G_GNUC_WARN_UNUSED_RESULT;
