/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Browsers in boxes, which reach the socket only where they are let.
 */
#include "cli/doctor/judge/judges.h"

static void
judge_flatpak(const MeishiSandboxFact *box, GPtrArray *findings)
{
    MeishiFinding *finding;

    if (box->reaches_socket) {
        meishi_finding_ok(findings, "flatpak", "%s (Flatpak) reaches the daemon", box->title);
        return;
    }
    finding = meishi_finding_problem(findings, "flatpak-closed",
                                     "%s (Flatpak) cannot reach the daemon", box->title);
    meishi_finding_means(finding, "Its sandbox does not show it the socket.");
    meishi_finding_mends(finding, "flatpak override --user --filesystem=xdg-run/meishi:ro %s",
                         box->id);
}

static void
judge_snap(const MeishiSandboxFact *box, GPtrArray *findings)
{
    MeishiFinding *finding =
        box->has_flatpak
            ? meishi_finding_note(findings, "snap", "%s (Snap) cannot reach the daemon", box->title)
            : meishi_finding_problem(findings, "snap", "%s (Snap) cannot reach the daemon",
                                     box->title);

    meishi_finding_means(finding,
                         "A Snap cannot be let out to a socket that snapd does not know. "
                         "Use %s as a package of the system or as a Flatpak.",
                         box->title);
    if (box->flatpak != NULL && !box->has_flatpak)
        meishi_finding_mends(finding, "flatpak install --user flathub %s", box->flatpak);
}

void
meishi_judge_sandboxes(const MeishiFacts *facts, GPtrArray *findings)
{
    for (guint i = 0; i < facts->n_sandboxes; i++) {
        if (facts->sandboxes[i].is_snap)
            judge_snap(&facts->sandboxes[i], findings);
        else
            judge_flatpak(&facts->sandboxes[i], findings);
    }
    if (facts->n_sandboxes == 0)
        meishi_finding_ok(findings, "sandboxes-none", "no browser is in one");
}

/* ---- cards and tokens ----------------------------------------------------------------------- */

void
meishi_judge_tokens(const MeishiFacts *facts, GPtrArray *findings)
{
    const char *const *troubles = facts->token_troubles;

    if (troubles == NULL)
        return;
    for (guint i = 0; troubles[i] != NULL; i++)
        meishi_finding_means(
            meishi_finding_note(findings, "token-module", "a module is not as it should be"), "%s",
            troubles[i]);
    if (troubles[0] == NULL)
        meishi_finding_ok(findings, "tokens", "no module is in trouble");
}
