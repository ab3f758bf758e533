/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The module itself: that it is there, that everybody may load it, and that it is for this machine.
 */
#include "cli/doctor/judge/architecture.h"
#include "cli/doctor/judge/judges.h"

static void
judge_architecture(const MeishiModuleFacts *module, GPtrArray *findings)
{
    g_autofree char *its = meishi_architecture_describe(&module->elf);
    g_autofree char *own = meishi_architecture_describe(&module->own);
    MeishiFinding *finding = meishi_finding_problem(
        findings, "module-architecture", "%s is for %s, and this is %s", module->path, its, own);

    meishi_finding_means(finding, "No program of this machine can load it.");
    meishi_architecture_mend(&module->own, finding);
}

static void
judge_closed(const MeishiFacts *facts, GPtrArray *findings)
{
    const MeishiModuleFacts *module = &facts->module;
    g_autofree char *quoted = meishi_finding_quote(module->closed_at);
    MeishiFinding *finding =
        module->is_readable
            ? meishi_finding_note(findings, "module-closed",
                                  "%s is closed to other users, and %s lies below it",
                                  module->closed_at, module->path)
            : meishi_finding_problem(findings, "module-closed", "%s is closed to you",
                                     module->closed_at);

    meishi_finding_means(finding, module->is_readable
                                      ? "Your programs load the module; those of other users and "
                                        "services cannot."
                                      : "Your programs cannot load the module.");
    meishi_finding_mends(finding, "%schmod a+rX %s", meishi_judge_sudo(facts, module->closed_uid),
                         quoted);
}

void
meishi_judge_module(const MeishiFacts *facts, GPtrArray *findings)
{
    const MeishiModuleFacts *module = &facts->module;
    MeishiFinding *finding;

    if (!module->exists) {
        finding =
            meishi_finding_problem(findings, "module-missing", "There is no %s", module->path);
        meishi_finding_means(finding, "No program can load it. Install Meishi whole.");
        meishi_finding_mends(finding, "sudo apt install --reinstall meishi-pkcs11");
        return;
    }
    if (meishi_architecture_differs(&module->elf, &module->own))
        judge_architecture(module, findings);
    if (module->closed_at != NULL)
        judge_closed(facts, findings);
    else
        meishi_finding_ok(findings, "module", "%s", module->path);
}
