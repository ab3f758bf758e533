/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiApplication.  Everything about a process is read between two looks that find the same one
 * alive: its pidfd, its start time, and the program that it executes.  So a number that was given
 * to another process, or a program that became another one meanwhile, is never described half and
 * half.
 */
#include "daemon/agent/application.h"

#include "daemon/agent/process.h"
#include "daemon/base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef SO_PEERPIDFD /* Linux 6.5; older headers lack it */
#define SO_PEERPIDFD 77
#endif

#define MAX_LOOKS 4  /* a program may execute another one while it is looked at */
#define MAX_DEPTH 64 /* of a tree of processes */

static MeishiApplication *
new_application(void)
{
    MeishiApplication *application = g_new0(MeishiApplication, 1);

    application->refs = 1;
    application->pidfd = -1;
    application->names = g_new0(char *, 1);
    return application;
}

MeishiApplication *
meishi_application_new_unknown(void)
{
    return new_application();
}

MeishiApplication *
meishi_application_ref(MeishiApplication *application)
{
    g_atomic_int_inc(&application->refs);
    return application;
}

void
meishi_application_unref(MeishiApplication *application)
{
    if (application == NULL || !g_atomic_int_dec_and_test(&application->refs))
        return;
    if (application->pidfd >= 0)
        close(application->pidfd);
    g_free(application->exe);
    g_free(application->name);
    g_strfreev(application->names);
    g_free(application->session);
    g_free(application);
}

/* ---- names ----------------------------------------------------------------------------------- */

typedef struct {
    char *flatpak;
    char *snap;
    gboolean is_snap_confined;
    char *unit;
    char *session;
    MeishiProcessExe exe;
} Traits;

static void
clear_traits(Traits *traits)
{
    g_free(traits->flatpak);
    g_free(traits->snap);
    g_free(traits->unit);
    g_free(traits->session);
    meishi_process_exe_clear(&traits->exe);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Traits, clear_traits)

static gboolean
read_traits(pid_t pid, Traits *traits, GError **error)
{
    if (!meishi_process_flatpak(pid, &traits->flatpak, error))
        return FALSE;
    traits->unit = meishi_process_unit(pid);
    traits->session = meishi_process_session(pid);
    traits->snap = meishi_process_snap_label(pid, &traits->is_snap_confined);
    if (traits->snap == NULL && traits->unit != NULL)
        traits->snap = meishi_proc_text_snap_unit(traits->unit);
    meishi_process_exe(pid, &traits->exe);
    return TRUE;
}

static void
add_name(GStrvBuilder *names, MeishiApplication *application, const char *prefix, const char *rest,
         MeishiTrust trust)
{
    g_autofree char *name = g_strconcat(prefix, rest, NULL);

    g_strv_builder_add(names, name);
    application->trust = MAX(application->trust, trust);
}

/* What memories are kept under.  The path counts here also where its file is not what runs: a
 * program that was upgraded under its feet is the same program to the person, and a memory is no
 * permission.  A unit is not asked: "app-firefox-4711.scope" is another one tomorrow. */
static char *
choose_name(const Traits *traits)
{
    g_autofree char *path = NULL;

    if (traits->flatpak != NULL)
        return g_strconcat("flatpak:", traits->flatpak, NULL);
    if (traits->snap != NULL)
        return g_strconcat("snap:", traits->snap, NULL);
    if (traits->exe.path == NULL)
        return NULL;
    path = g_utf8_make_valid(traits->exe.path, -1); /* it goes where only text may */
    return g_strconcat("exe:", path, NULL);
}

/* A path inside a sandbox is none of ours, and neither is one whose file is another by now (an
 * upgrade, a deletion, another root directory): what runs is not what is there, so for rules, which
 * speak of the program that is installed, it has no such name. */
static void
name_application(MeishiApplication *application, const Traits *traits)
{
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();

    if (traits->flatpak != NULL)
        add_name(names, application, "flatpak:", traits->flatpak, MEISHI_TRUST_SANDBOX);
    if (traits->snap != NULL)
        add_name(names, application, "snap:", traits->snap,
                 traits->is_snap_confined ? MEISHI_TRUST_SANDBOX : MEISHI_TRUST_UNIT);
    application->is_sandboxed = traits->flatpak != NULL || traits->is_snap_confined;
    if (traits->unit != NULL)
        add_name(names, application, "unit:", traits->unit, MEISHI_TRUST_UNIT);
    if (traits->exe.is_what_runs && !application->is_sandboxed &&
        g_utf8_validate(traits->exe.path, -1, NULL)) /* or no rule can name it */
        add_name(names, application, "exe:", traits->exe.path, MEISHI_TRUST_EXE);
    g_strfreev(application->names);
    application->names = g_strv_builder_end(names);
    application->exe = g_strdup(traits->exe.path);
    application->name = choose_name(traits);
    /* The process may be another than the one that called. */
    if (application->pidfd < 0)
        application->trust = MEISHI_TRUST_ANY;
}

/* ---- looking --------------------------------------------------------------------------------- */

static gboolean
is_same_still(const MeishiApplication *application, const char *exe)
{
    g_auto(MeishiProcessExe) now = {NULL, FALSE};

    if (!meishi_application_is_alive(application))
        return FALSE;
    meishi_process_exe(application->pid, &now);
    return g_strcmp0(now.path, exe) == 0;
}

static gboolean
gone(GError **error, pid_t pid)
{
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND, "process %d is gone", (int)pid);
    return FALSE;
}

static gboolean
describe(MeishiApplication *application, GError **error)
{
    for (int i = 0; i < MAX_LOOKS && meishi_application_is_alive(application); i++) {
        g_auto(Traits) traits = {0};

        if (!read_traits(application->pid, &traits, error))
            return FALSE;
        if (is_same_still(application, traits.exe.path)) {
            name_application(application, &traits);
            application->session = g_steal_pointer(&traits.session);
            return TRUE;
        }
    }
    return gone(error, application->pid);
}

/* A process that lives, which its pidfd says, without a state.  Where /proc does not show it, that
 * is mounted with hidepid=2, which keeps processes that have closed themselves from everybody,
 * `meishi` among them.  Where it does, the first thread has ended and others go on: what /proc says
 * of the process is that thread's, so there is no root directory to be seen, and a sandbox could
 * hide itself that way. */
static MeishiApplication *
new_without_state(pid_t pid, int pidfd, GError **error)
{
    gboolean is_shown = pid > 0 && meishi_process_is_shown(pid);

    if (pidfd < 0 || meishi_process_has_ended(pidfd)) {
        gone(error, pid);
        return NULL;
    }
    if (!is_shown)
        return new_application();
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_DENIED,
                "the first thread of process %d has ended, so nobody can see what it is", (int)pid);
    return NULL;
}

MeishiApplication *
meishi_application_new(pid_t pid, int pidfd, GError **error)
{
    g_autoptr(MeishiApplication) application = new_application();
    MeishiProcStat stat;

    if (pid <= 0 || !meishi_process_stat(pid, &stat))
        return new_without_state(pid, pidfd, error);
    application->pid = pid;
    application->start_time = stat.start_time;
    application->tty = stat.tty;
    if (pidfd >= 0)
        application->pidfd = fcntl(pidfd, F_DUPFD_CLOEXEC, 0);
    return describe(application, error) ? g_steal_pointer(&application) : NULL;
}

/* ---- sockets --------------------------------------------------------------------------------- */

gboolean
meishi_application_may_call(uid_t caller, uid_t owner)
{
    return caller == owner;
}

/* SO_PEERCRED is what the kernel noted at connect(); SO_PEERPIDFD names the same process for good,
 * while its number may be given to another.  FALSE where the process is gone, of which some kernels
 * make no descriptor; -1 where they know none at all. */
static gboolean
read_pidfd(int fd, int *ret_pidfd)
{
    int pidfd = -1;
    socklen_t len = sizeof pidfd;

    *ret_pidfd = -1;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &len) < 0)
        return errno != ESRCH && errno != EINVAL;
    *ret_pidfd = pidfd;
    return TRUE;
}

static gboolean
read_credentials(int fd, struct ucred *ret_cred, GError **error)
{
    socklen_t len = sizeof *ret_cred;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, ret_cred, &len) < 0) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_DENIED,
                    "the kernel does not say who is calling: %s", g_strerror(errno));
        return FALSE;
    }
    if (!meishi_application_may_call(ret_cred->uid, getuid())) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_DENIED,
                    "process %d runs under user id %u, which is not ours", (int)ret_cred->pid,
                    (guint)ret_cred->uid);
        return FALSE;
    }
    return TRUE;
}

MeishiApplication *
meishi_application_new_for_socket(int fd, GError **error)
{
    MeishiApplication *application;
    struct ucred cred;
    int pidfd;

    if (!read_credentials(fd, &cred, error))
        return NULL;
    if (cred.pid <= 0) /* it is outside of our PID namespace, so it has no number here */
        return meishi_application_new_unknown();
    if (!read_pidfd(fd, &pidfd)) {
        gone(error, cred.pid);
        return NULL;
    }
    application = meishi_application_new(cred.pid, pidfd, error);
    if (pidfd >= 0)
        close(pidfd);
    return application;
}

/* ---- looking again --------------------------------------------------------------------------- */

gboolean
meishi_application_is_alive(const MeishiApplication *application)
{
    MeishiProcStat stat;

    if (application->pidfd >= 0 && meishi_process_has_ended(application->pidfd))
        return FALSE;
    return application->pid > 0 && meishi_process_stat(application->pid, &stat) &&
           stat.start_time == application->start_time;
}

gboolean
meishi_application_equal(const MeishiApplication *a, const MeishiApplication *b)
{
    return a->pid > 0 && a->pid == b->pid && a->start_time == b->start_time &&
           g_strcmp0(a->exe, b->exe) == 0;
}

/* The parent of @pid, which has @stat.  It is the parent still after it was looked at, so it was
 * the parent all the while. */
static gboolean
step_up(pid_t *pid, MeishiProcStat *stat)
{
    MeishiProcStat parent, again;

    if (!meishi_process_stat(stat->parent, &parent) || !meishi_process_stat(*pid, &again) ||
        again.start_time != stat->start_time || again.parent != stat->parent)
        return FALSE;
    *pid = stat->parent;
    *stat = parent;
    return TRUE;
}

GArray *
meishi_application_line(const MeishiApplication *application)
{
    GArray *line = g_array_new(FALSE, FALSE, sizeof(MeishiProcessName));
    pid_t pid = application->pid;
    MeishiProcStat stat;

    if (!meishi_application_is_alive(application) || !meishi_process_stat(pid, &stat))
        return line;
    do {
        const MeishiProcessName name = {.pid = pid, .start_time = stat.start_time};

        g_array_append_val(line, name);
    } while (line->len < MAX_DEPTH && stat.parent > 1 && step_up(&pid, &stat));
    return line;
}

gboolean
meishi_application_descends(const MeishiApplication *application, const MeishiApplication *ancestor)
{
    g_autoptr(GArray) line = meishi_application_line(application);

    for (guint i = 0; i < line->len; i++) {
        const MeishiProcessName *name = &g_array_index(line, MeishiProcessName, i);

        if (name->pid == ancestor->pid && name->start_time == ancestor->start_time)
            return meishi_application_is_alive(ancestor);
    }
    return FALSE;
}

void
meishi_application_describe(const MeishiApplication *application, MeishiRequest *request)
{
    g_free(request->application);
    g_strfreev(request->application_names);
    request->application = g_strdup(application->name);
    request->application_names = g_strdupv(application->names);
    request->trust = application->trust;
}
