/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One look at a process through /proc.  What is read belongs to whoever has the number at that
 * moment; application.c makes sure that this is always the same one.  Private to this directory.
 */
#pragma once

#include <glib.h>

#include "daemon/agent/proc-text.h"

/* FALSE where there is no such process, or it has ended and waits for its parent. */
gboolean meishi_process_stat(pid_t pid, MeishiProcStat *ret_stat);

/* Does /proc show it at all, be it as one whose first thread has ended? */
gboolean meishi_process_is_shown(pid_t pid);

/* Has it ended?  poll(2) of a pidfd. */
gboolean meishi_process_has_ended(int pidfd);

typedef struct {
    char *path;            /* as the kernel says, without " (deleted)"; NULL: not readable */
    gboolean is_what_runs; /* the file at @path is the one that is executed */
} MeishiProcessExe;

void meishi_process_exe(pid_t pid, MeishiProcessExe *ret_exe);
void meishi_process_exe_clear(MeishiProcessExe *exe);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MeishiProcessExe, meishi_process_exe_clear)

/* Its systemd unit and the name and confinement of its snap; NULL.  New. */
char *meishi_process_unit(pid_t pid);
char *meishi_process_snap_label(pid_t pid, gboolean *ret_is_confined);

/* Its login session; NULL.  New. */
char *meishi_process_session(pid_t pid);

/* The Flatpak application that it is.  @ret_id is NULL where it is in no such sandbox.  DENIED
 * where it is in one, or may be, that does not say which. */
gboolean meishi_process_flatpak(pid_t pid, char **ret_id, GError **error) G_GNUC_WARN_UNUSED_RESULT;
