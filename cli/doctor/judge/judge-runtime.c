/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The directory of the sockets, by the rules of daemon/base/paths.c and module/sock.c.
 */
#include "cli/doctor/judge/judges.h"

#include <sys/stat.h>

/* sockaddr_un.sun_path with its NUL. */
#define MAX_SOCKET_PATH 107

/* The directory that a login makes is the one that all programs agree about. */
void
meishi_judge_mend_runtime(const MeishiFacts *facts, MeishiFinding *finding)
{
    if (facts->runtime.has_own)
        meishi_finding_mends(finding, "export XDG_RUNTIME_DIR=/run/user/%u", facts->uid);
    else
        meishi_finding_mends(finding, "unset XDG_RUNTIME_DIR");
}

static void
judge_missing(const MeishiFacts *facts, GPtrArray *findings)
{
    g_autofree char *quoted = meishi_finding_quote(facts->runtime.base.path);
    MeishiFinding *finding = meishi_finding_problem(
        findings, "runtime-missing", "XDG_RUNTIME_DIR is %s, which does not exist", quoted);

    meishi_finding_means(finding, "Programs look for the daemon's sockets there.");
    if (facts->runtime.has_own)
        meishi_judge_mend_runtime(facts, finding);
    else
        meishi_finding_mends(finding, "mkdir -p -m 700 %s", quoted);
}

static void
judge_foreign(const MeishiFacts *facts, GPtrArray *findings)
{
    MeishiFinding *finding = meishi_finding_problem(
        findings, "runtime-foreign", "%s belongs to somebody else", facts->runtime.base.path);

    meishi_finding_means(finding, "After su or sudo, XDG_RUNTIME_DIR may still be that of whoever "
                                  "called it. Meishi listens to nobody there.");
    meishi_judge_mend_runtime(facts, finding);
}

static void
judge_open(const MeishiFacts *facts, const MeishiFileFact *dir, GPtrArray *findings)
{
    g_autofree char *quoted = meishi_finding_quote(dir->path);
    MeishiFinding *finding = meishi_finding_problem(
        findings, "runtime-open", "The directory %s can be written to by others", dir->path);

    meishi_finding_means(finding, "Somebody else could listen there in the daemon's place, so it "
                                  "does not start.");
    meishi_finding_mends(finding, "%schmod 700 %s", meishi_judge_sudo(facts, dir->uid), quoted);
}

static void
judge_obstacle(const MeishiFacts *facts, GPtrArray *findings)
{
    const MeishiFileFact *dir = &facts->runtime.dir;
    g_autofree char *quoted = meishi_finding_quote(dir->path);
    MeishiFinding *finding =
        S_ISDIR(dir->mode)
            ? meishi_finding_problem(findings, "runtime-obstacle",
                                     "The directory %s belongs to somebody else", dir->path)
            : meishi_finding_problem(findings, "runtime-obstacle", "%s is not a directory",
                                     dir->path);

    meishi_finding_means(finding, "The daemon's sockets belong there, so it does not start.");
    meishi_finding_mends(finding, "%smv %s %s.away", meishi_judge_sudo(facts, dir->uid), quoted,
                         quoted);
}

static gboolean
judge_variable(const MeishiFacts *facts, GPtrArray *findings)
{
    const MeishiRuntimeFacts *runtime = &facts->runtime;
    MeishiFinding *finding;

    if (runtime->variable != NULL && runtime->variable[0] != '\0' && runtime->variable[0] != '/') {
        finding = meishi_finding_problem(findings, "runtime-relative",
                                         "XDG_RUNTIME_DIR is “%s”, which is no absolute path",
                                         runtime->variable);
        meishi_finding_means(finding, "Programs pass it over, and may not agree about where else "
                                      "to look.");
        meishi_judge_mend_runtime(facts, finding);
        return FALSE;
    }
    if (runtime->socket_path_len > MAX_SOCKET_PATH) {
        finding = meishi_finding_problem(findings, "runtime-long",
                                         "The path %s is too long for a socket", runtime->dir.path);
        meishi_finding_means(finding, "No program can connect to a path of more than %d bytes.",
                             MAX_SOCKET_PATH);
        meishi_judge_mend_runtime(facts, finding);
        return FALSE;
    }
    return TRUE;
}

void
meishi_judge_runtime(const MeishiFacts *facts, GPtrArray *findings)
{
    const MeishiRuntimeFacts *runtime = &facts->runtime;
    gboolean is_set = runtime->variable != NULL && runtime->variable[0] == '/';

    if (!judge_variable(facts, findings))
        return;
    if (is_set && !runtime->base.exists)
        judge_missing(facts, findings);
    else if (runtime->base.exists && runtime->base.uid != facts->uid)
        judge_foreign(facts, findings);
    else if (runtime->base.exists && (runtime->base.mode & 022) != 0)
        judge_open(facts, &runtime->base, findings);
    else if (runtime->dir.exists && (!S_ISDIR(runtime->dir.mode) || runtime->dir.uid != facts->uid))
        judge_obstacle(facts, findings);
    else if (runtime->dir.exists && (runtime->dir.mode & 022) != 0)
        judge_open(facts, &runtime->dir, findings);
    else if (!is_set && !runtime->has_own)
        meishi_finding_means(meishi_finding_note(findings, "runtime-fallback",
                                                 "There is none, so sockets lie in %s",
                                                 runtime->dir.path),
                             "That is usual where nobody logs in, as in a container.");
    else
        meishi_finding_ok(findings, "runtime", "%s", runtime->dir.path);
}
