/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Readers of the texts by which the kernel and sandboxes describe a process.  They take strings
 * and look at nothing; some of these texts are partly of the process's own making (its name, the
 * names of its control groups), so all are read as hostile.  Private to this directory.
 */
#pragma once

#include <glib.h>
#include <sys/types.h>

/* /proc/PID/stat, proc(5) */
typedef struct {
    char state;
    pid_t parent;
    guint64 start_time;
    dev_t tty; /* its controlling terminal; 0: none */
} MeishiProcStat;

gboolean meishi_proc_text_stat(const char *stat, MeishiProcStat *ret_stat);

/* The systemd unit of /proc/PID/cgroup: "nginx.service", "app-firefox-12.scope"; NULL where the
 * process is in none that stands for a program (a login session, no systemd).  New. */
char *meishi_proc_text_unit(const char *cgroup);

/* The login session by /proc/PID/cgroup ("5" of "session-5.scope"), or else by /proc/PID/sessionid,
 * which the kernel's audit keeps for what runs below the manager of a user as well; NULL where
 * neither says one.  Either may be NULL.  New. */
char *meishi_proc_text_session(const char *cgroup, const char *sessionid);

/* "firefox" of an AppArmor label "snap.firefox.firefox (enforce)"; NULL.  New.
 * @ret_is_confined: the label is enforced; classic snaps are in complain mode. */
char *meishi_proc_text_snap_label(const char *label, gboolean *ret_is_confined);

/* The same of a unit "snap.firefox.firefox-12.scope", which proves less.  New. */
char *meishi_proc_text_snap_unit(const char *unit);

/* The application of a /.flatpak-info; NULL where it names none or nothing usable.  New. */
char *meishi_proc_text_flatpak(const char *info, gsize len);

/* Is anything mounted at just @point, by /proc/PID/mountinfo?  @point has no blanks. */
gboolean meishi_proc_text_has_mount(const char *mountinfo, const char *point);
