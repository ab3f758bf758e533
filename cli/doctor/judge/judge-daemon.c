/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Whether a program that needs the daemon gets one: started on demand, and of our version.
 */
#include "cli/doctor/judge/judges.h"

/* ---- on demand ------------------------------------------------------------------------------ */

static void
judge_no_unit(const MeishiFacts *facts, GPtrArray *findings)
{
    MeishiFinding *finding = meishi_finding_problem(findings, "socket-not-installed",
                                                    "systemd does not know meishid.socket");

    meishi_finding_means(finding, "Programs find no daemon unless `meishi` has started one.");
    if (facts->unit.installed != NULL) {
        g_autofree char *quoted = meishi_finding_quote(facts->unit.installed);

        meishi_finding_mends(finding, "systemctl --user enable --now %s", quoted);
    }
}

void
meishi_judge_units(const MeishiFacts *facts, GPtrArray *findings)
{
    const MeishiUnitFacts *unit = &facts->unit;
    MeishiFinding *finding;

    if (!unit->has_manager) {
        finding =
            meishi_finding_note(findings, "socket-no-manager", "There is no systemd for this user");
        meishi_finding_means(finding, "`meishi` starts the daemon itself; other programs find it "
                                      "only while it runs.");
    } else if (unit->masked != NULL) {
        finding = meishi_finding_problem(findings, "socket-masked",
                                         "meishid.socket is masked by %s", unit->masked);
        meishi_finding_means(finding, "systemd never starts it, so programs find no daemon.");
        meishi_finding_mends(finding, "systemctl --user unmask meishid.socket");
    } else if (unit->unit == NULL) {
        judge_no_unit(facts, findings);
    } else if (unit->enabled == NULL) {
        finding =
            meishi_finding_problem(findings, "socket-disabled", "meishid.socket is not enabled");
        meishi_finding_means(finding, "After the next login programs find no daemon unless "
                                      "`meishi` has started one.");
        meishi_finding_mends(finding, "systemctl --user enable --now meishid.socket");
    } else if (facts->daemon.module.state != MEISHI_SOCKET_SERVED) {
        finding = meishi_finding_problem(findings, "socket-stopped",
                                         "meishid.socket is enabled and does not listen");
        meishi_finding_means(finding, "Programs find no daemon.");
        meishi_finding_mends(finding, "systemctl --user restart meishid.socket");
    } else {
        meishi_finding_ok(findings, "socket", "meishid.socket starts the daemon when it is needed");
    }
}

/* ---- the daemon ----------------------------------------------------------------------------- */

/* Where systemd keeps the sockets, judge_units() says what to do about them. */
static gboolean
is_activated(const MeishiFacts *facts)
{
    return facts->unit.has_manager && facts->unit.unit != NULL && facts->unit.masked == NULL;
}

static void
judge_not_running(const MeishiFacts *facts, GPtrArray *findings)
{
    gboolean is_stale = facts->daemon.bus.state == MEISHI_SOCKET_STALE;
    MeishiFinding *finding =
        is_stale ? meishi_finding_problem(findings, "daemon-stale",
                                          "%s was left by a daemon that has ended",
                                          facts->daemon.bus.path)
                 : meishi_finding_problem(findings, "daemon-absent", "It is not running");

    meishi_finding_means(finding, "Programs see no certificates and no keys; vault, identities and "
                                  "tokens could not be looked at.");
    if (is_activated(facts))
        meishi_finding_mends(finding, "systemctl --user restart meishid.socket meishid-bus.socket");
    else
        meishi_finding_mends(finding, "meishi status");
}

static void
judge_foreign(const MeishiFacts *facts, GPtrArray *findings)
{
    MeishiFinding *finding = meishi_finding_problem(
        findings, "daemon-foreign", "%s is served by another user", facts->daemon.bus.path);

    meishi_finding_means(finding, "Nothing will be told to whoever that is. XDG_RUNTIME_DIR names "
                                  "a directory that is not yours alone.");
    meishi_judge_mend_runtime(facts, finding);
}

/* What does not answer does not end by being asked to either; a vault survives that. */
static void
mend_by_restart(const MeishiFacts *facts, MeishiFinding *finding)
{
    if (is_activated(facts) && facts->unit.enabled != NULL)
        meishi_finding_mends(finding, "systemctl --user restart meishid.service");
    else if (facts->daemon.pid != 0)
        meishi_finding_mends(finding, "kill %s%u", facts->daemon.is_known ? "" : "-s KILL ",
                             facts->daemon.pid);
}

static void
judge_served(const MeishiFacts *facts, GPtrArray *findings)
{
    const MeishiDaemonFacts *daemon = &facts->daemon;
    MeishiFinding *finding;

    if (g_strcmp0(daemon->version, daemon->own_version) != 0) {
        finding = meishi_finding_problem(findings, "daemon-version",
                                         "It is version %s, and this is version %s",
                                         daemon->version, daemon->own_version);
        meishi_finding_means(finding, "It was started before an upgrade, or belongs to another "
                                      "Meishi. Whoever needs it next starts the new one.");
        mend_by_restart(facts, finding);
    } else if (daemon->is_replaced) {
        finding = meishi_finding_problem(findings, "daemon-replaced",
                                         "Its program has been replaced since it was started");
        meishi_finding_means(finding, "An upgrade leaves it alone, because it may hold an open "
                                      "vault or a PIN; what the upgrade mends is mended for "
                                      "whoever starts the new one.");
        mend_by_restart(facts, finding);
    } else if (daemon->module.state != MEISHI_SOCKET_SERVED && !is_activated(facts)) {
        finding = meishi_finding_problem(findings, "daemon-module-socket", "Nobody listens at %s",
                                         daemon->module.path);
        meishi_finding_means(finding, "Programs see no certificates and no keys.");
        mend_by_restart(facts, finding);
    } else {
        meishi_finding_ok(findings, "daemon", "version %s, process %u", daemon->version,
                          daemon->pid);
    }
}

void
meishi_judge_daemon(const MeishiFacts *facts, GPtrArray *findings)
{
    const MeishiDaemonFacts *daemon = &facts->daemon;
    MeishiFinding *finding;

    if (daemon->is_known) {
        judge_served(facts, findings);
        return;
    }
    switch (daemon->bus.state) {
    case MEISHI_SOCKET_ABSENT:
    case MEISHI_SOCKET_STALE:
        judge_not_running(facts, findings);
        break;
    case MEISHI_SOCKET_FOREIGN:
        judge_foreign(facts, findings);
        break;
    case MEISHI_SOCKET_SERVED:
    case MEISHI_SOCKET_FAILED:
        finding = meishi_finding_problem(findings, "daemon-unreachable", "It cannot be reached: %s",
                                         daemon->bus.error != NULL ? daemon->bus.error
                                                                   : "it does not answer");
        meishi_finding_means(finding, "Programs see no certificates and no keys.");
        mend_by_restart(facts, finding);
        break;
    }
}
