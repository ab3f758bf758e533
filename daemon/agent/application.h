/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiApplication: the program at the other end of a connection, by what the kernel says of its
 * process and never by what it says itself.  Each name carries how far it can be trusted.
 *
 *   flatpak:ID, snap:NAME  the sandbox says so                          MEISHI_TRUST_SANDBOX
 *   unit:NAME              the control group of a systemd unit          MEISHI_TRUST_UNIT
 *   exe:/PATH              the program that the process executes        MEISHI_TRUST_EXE
 *
 * A unit or a path separates habits, not attackers: any unsandboxed program of the same user can
 * start another one or trace it (doc/threat-model.md).
 */
#pragma once

#include <glib.h>
#include <sys/types.h>

#include "daemon/policy/request.h"

/* Immutable, reference counted, thread-safe. */
typedef struct {
    gint refs;
    pid_t pid;
    guint64 start_time; /* clock ticks since boot: with @pid it names the process for good */
    int pidfd;          /* -1 where the kernel or the bus gave none */
    char *exe;          /* "/usr/bin/curl", in any bytes; NULL where it may not be read */
    char *name;         /* what memories are kept under: the sandbox's, else exe:; NULL: unknown */
    char **names;       /* every name, for Match-Application; never NULL; text as @name is */
    MeishiTrust trust;  /* of the best of @names; ANY where the process could not be pinned */
    gboolean is_sandboxed;
    dev_t tty;     /* its controlling terminal; 0: none */
    char *session; /* the login session that it is in; NULL: unknown */
} MeishiApplication;

/* Looks at process @pid through @pidfd (duplicated; -1: none, and trust is ANY then).  One that
 * /proc does not show though it lives stays unknown.  DENIED for a sandboxed process whose sandbox
 * does not say which application it is; NOT_FOUND where the process is gone. */
MeishiApplication *
meishi_application_new(pid_t pid, int pidfd, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The process that connected the unix socket @fd, or that made it a listening one.  DENIED also
 * where that is not a process of our own user: nobody else may call, root neither. */
MeishiApplication *
meishi_application_new_for_socket(int fd, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* May a process of user @caller use what belongs to user @owner? */
gboolean meishi_application_may_call(uid_t caller, uid_t owner);

/* One that nothing is known of. */
MeishiApplication *meishi_application_new_unknown(void);

MeishiApplication *meishi_application_ref(MeishiApplication *application);
void meishi_application_unref(MeishiApplication *application); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiApplication, meishi_application_unref)

/* The same process, which has executed nothing else since? */
gboolean meishi_application_equal(const MeishiApplication *a, const MeishiApplication *b);

gboolean meishi_application_is_alive(const MeishiApplication *application);

typedef struct {
    pid_t pid;
    guint64 start_time;
} MeishiProcessName;

/* The process of @application, its parent, and so on (MeishiProcessName), as far as they are alive;
 * empty where it is not.  New. */
GArray *meishi_application_line(const MeishiApplication *application);

/* Does the process of @application descend from that of @ancestor, or is it the same?  Both have to
 * be alive, and every process in between. */
gboolean meishi_application_descends(const MeishiApplication *application,
                                     const MeishiApplication *ancestor);

/* Copies the names and the trust into @request. */
void meishi_application_describe(const MeishiApplication *application, MeishiRequest *request);
