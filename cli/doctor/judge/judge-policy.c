/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What `meishi policy check` says of the installed files, and who can mend them.
 */
#include "cli/doctor/judge/judges.h"

static void
mend_remark(const MeishiFacts *facts, const MeishiPolicyFact *remark, MeishiFinding *finding)
{
    const MeishiFileFact *open_place = &remark->open_place;
    g_autofree char *quoted = meishi_finding_quote(remark->file);

    if (open_place->path != NULL) {
        g_autofree char *place = meishi_finding_quote(open_place->path);

        meishi_finding_mends(finding, "%schmod go-w %s", meishi_judge_sudo(facts, open_place->uid),
                             place);
    } else {
        meishi_finding_mends(finding, "%s%s",
                             meishi_judge_sudo(facts, remark->uid)[0] != '\0'
                                 ? "sudoedit "
                                 : "${VISUAL:-${EDITOR:-vi}} ",
                             quoted);
    }
}

static void
judge_remark(const MeishiFacts *facts, const MeishiPolicyFact *remark, GPtrArray *findings)
{
    MeishiFinding *finding;

    if (!remark->is_error) {
        finding = meishi_finding_note(findings, "policy-warning", "%s", remark->text);
    } else {
        finding = meishi_finding_problem(findings, "policy-error", "%s", remark->text);
        meishi_finding_means(finding,
                             facts->policy_has_failed
                                 ? "The file is refused, and the rules that were in force before "
                                   "it changed stay."
                                 : "The file is refused, and the daemon will start without it.");
    }
    mend_remark(facts, remark, finding);
}

void
meishi_judge_policy(const MeishiFacts *facts, GPtrArray *findings)
{
    for (guint i = 0; i < facts->n_policy; i++)
        judge_remark(facts, &facts->policy[i], findings);
    if (facts->n_policy == 0)
        meishi_finding_ok(findings, "policy", "%u file%s without remarks", facts->n_policy_files,
                          facts->n_policy_files == 1 ? "" : "s");
}
