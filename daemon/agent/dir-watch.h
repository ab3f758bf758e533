/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Notices that something changed in one of some directories, which may come and go: for one that is
 * not there, the nearest existing directory above it is watched.  By inotify(7) and not
 * GFileMonitor, which would load whatever GIO modules are installed into the process that holds the
 * keys.  A directory that is reached through a link is watched where it lies; that the link is
 * turned elsewhere goes unnoticed.
 */
#pragma once

#include <glib.h>

typedef struct MeishiDirWatch MeishiDirWatch;
typedef void (*MeishiDirWatchFunc)(gpointer user_data);

/* Watches files of @dirs whose names end with @suffix (static).  @changed is called in the main
 * loop, and often more than once for what a person takes for one change.  Where the kernel has no
 * watches left, that is logged and nothing is noticed. */
MeishiDirWatch *meishi_dir_watch_new(const char *const *dirs, const char *suffix,
                                     MeishiDirWatchFunc changed, gpointer user_data);
void meishi_dir_watch_free(MeishiDirWatch *watch); /* NULL is fine */

/* Why changes may go unnoticed (the kernel has no watches left); NULL.  Borrowed. */
const char *meishi_dir_watch_problem(const MeishiDirWatch *watch);
