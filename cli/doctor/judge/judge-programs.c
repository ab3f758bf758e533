/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Whether programs find the module where they look for it (cli/setup/), and can load it.  What
 * keeps p11-kit from showing us, and boxes from reaching us, have checks of their own.
 */
#include "cli/doctor/judge/architecture.h"
#include "cli/doctor/judge/judges.h"

#include <string.h>

/* One program may look in many places, and one command is for all of them. */
static guint
count_alike(const MeishiFacts *facts, const MeishiProgramFact *program)
{
    guint n = 0;

    for (guint i = 0; i < facts->n_programs; i++) {
        const MeishiProgramFact *other = &facts->programs[i];

        n += other->state == program->state && strcmp(other->program, program->program) == 0;
    }
    return n;
}

static gboolean
is_first_alike(const MeishiFacts *facts, const MeishiProgramFact *program)
{
    const MeishiProgramFact *other = facts->programs;

    while (other->state != program->state || strcmp(other->program, program->program) != 0)
        other++;
    return other == program;
}

static char *
dup_title(const MeishiFacts *facts, const MeishiProgramFact *program)
{
    guint n = count_alike(facts, program);

    return n > 1 ? g_strdup_printf("%s (and %u more)", program->title, n - 1)
                 : g_strdup(program->title);
}

static void
mend_by_setup(const MeishiFacts *facts, const MeishiProgramFact *program, MeishiFinding *finding)
{
    if (program->in_use_by != NULL)
        meishi_finding_means(finding,
                             "Programs that look there find none of your certificates. "
                             "Close %s first.",
                             program->in_use_by);
    else
        meishi_finding_means(finding, "Programs that look there find none of your certificates.");
    meishi_finding_mends(finding, "meishi setup %s%s", facts->uid == 0 ? "--system " : "",
                         program->program);
}

/* A browser that is here may be asked for a certificate; most that have Java run no such program.
 */
static void
judge_java(GPtrArray *findings)
{
    MeishiFinding *finding =
        meishi_finding_note(findings, "program-optional", "The module is not known to Java");

    meishi_finding_means(finding, "That matters only to Java programs that need a certificate.");
    meishi_finding_mends(finding, "meishi setup java");
}

static void
judge_missing(const MeishiFacts *facts, const MeishiProgramFact *program, GPtrArray *findings)
{
    g_autofree char *title = dup_title(facts, program);

    if (!is_first_alike(facts, program))
        return;
    if (strcmp(program->program, "java") == 0)
        judge_java(findings);
    else
        mend_by_setup(facts, program,
                      meishi_finding_problem(findings, "program-missing",
                                             "The module is not known to %s", title));
}

static void
judge_stale(const MeishiFacts *facts, const MeishiProgramFact *program, GPtrArray *findings)
{
    g_autofree char *title = dup_title(facts, program);
    MeishiFinding *finding;

    if (!is_first_alike(facts, program))
        return;
    if (program->module == NULL)
        finding = meishi_finding_problem(findings, "program-stale",
                                         "What is written for %s is another Meishi's", title);
    else
        finding = meishi_finding_problem(findings, "program-stale", "%s, named by %s, is %s",
                                         program->module, title,
                                         program->module_is_gone ? "gone" : "another Meishi's");
    mend_by_setup(facts, program, finding);
}

static void
judge_broken(const MeishiProgramFact *program, GPtrArray *findings)
{
    MeishiFinding *finding =
        meishi_finding_problem(findings, "program-broken", "%s cannot be set up", program->title);

    if (program->detail != NULL)
        meishi_finding_means(finding, "%s", program->detail);
    if (program->hint != NULL && strchr(program->hint, '\n') == NULL)
        meishi_finding_mends(finding, "%s", program->hint);
}

/* FALSE where it can load the module. */
static gboolean
judge_architecture(const MeishiProgramFact *program, GPtrArray *findings)
{
    g_autofree char *its = NULL, *module = NULL;
    MeishiFinding *finding;

    if (!meishi_architecture_differs(&program->elf, &program->module_elf))
        return FALSE;
    its = meishi_architecture_describe(&program->elf);
    module = meishi_architecture_describe(&program->module_elf);
    finding =
        meishi_finding_problem(findings, "program-architecture", "%s is for %s, and %s is for %s",
                               program->executable, its, program->module, module);
    meishi_finding_means(finding, "A program loads modules of its own architecture only.");
    meishi_architecture_mend(&program->elf, finding);
    return TRUE;
}

void
meishi_judge_programs(const MeishiFacts *facts, GPtrArray *findings)
{
    guint n_ready = 0;

    for (guint i = 0; i < facts->n_programs; i++) {
        const MeishiProgramFact *program = &facts->programs[i];

        switch (program->state) {
        case MEISHI_PROGRAM_READY:
            n_ready += judge_architecture(program, findings) ? 0 : 1;
            break;
        case MEISHI_PROGRAM_MISSING:
            judge_missing(facts, program, findings);
            break;
        case MEISHI_PROGRAM_STALE:
            judge_stale(facts, program, findings);
            break;
        case MEISHI_PROGRAM_BROKEN:
            judge_broken(program, findings);
            break;
        case MEISHI_PROGRAM_DISABLED:
        case MEISHI_PROGRAM_UNREACHABLE:
            break;
        }
    }
    if (n_ready > 0)
        meishi_finding_ok(findings, "programs", "%u place%s lead%s to the module", n_ready,
                          n_ready == 1 ? "" : "s", n_ready == 1 ? "s" : "");
}
