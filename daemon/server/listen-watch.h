/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Notices that the sockets which we made at a path are not there any more: somebody tidied, or a
 * logout took the runtime directory away.  A daemon that nobody can reach, but that has the store's
 * lock, keeps its successor from starting.  By inotify(7) and not GFileMonitor, which would load
 * whatever GIO modules are installed into the process that holds the keys.
 */
#pragma once

#include <glib.h>

typedef struct MeishiListenWatch MeishiListenWatch;
typedef void (*MeishiListenGoneFunc)(gpointer user_data);

/* Watches @paths (char *, sockets, at least one, all in one directory; keeps a reference).  @gone
 * may come more than once, and comes for a socket that is gone already.  NULL where the kernel has
 * no watches left, which is logged. */
MeishiListenWatch *
meishi_listen_watch_new(GPtrArray *paths, MeishiListenGoneFunc gone, gpointer user_data);
void meishi_listen_watch_free(MeishiListenWatch *watch); /* NULL is fine */
