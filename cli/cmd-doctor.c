/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * meishi doctor: what is wrong, and the command that mends it.  Looking (cli/doctor/gather/) is
 * kept apart from judging (cli/doctor/judge/).
 */
#include "cli/command.h"
#include "cli/doctor/gather/gather.h"
#include "cli/doctor/judge/judges.h"
#include "cli/doctor/report.h"
#include "cli/error.h"

static gboolean
run(char **args, GError **error)
{
    g_autoptr(MeishiFacts) facts = meishi_gather();
    g_autoptr(GPtrArray) findings = meishi_judge_all(facts);

    if (meishi_command_json())
        meishi_doctor_report_json(findings);
    else
        meishi_doctor_report_print(findings);
    if (meishi_finding_count(findings, MEISHI_FINDING_PROBLEM) == 0)
        return TRUE;
    g_set_error_literal(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_FAILED, "");
    return FALSE;
}

const MeishiCommand meishi_command_doctor = {
    .name = "doctor",
    .usage = "",
    .summary = "Find what is wrong, and say what mends it",
    .text = "Looks at everything between a program and a key: sockets, daemon, vault, clock, "
            "policy, certificates, the places where programs look for the module, p11-kit, "
            "sandboxes, and the variables of this shell. Each problem comes with what it means "
            "and the one command that mends it. Changes nothing, and starts nothing but the daemon "
            "that systemd holds the sockets for. Ends with 0 where nothing is wrong, 1 where there "
            "is a problem.",
    .example = "meishi doctor",
    .run = run,
};
