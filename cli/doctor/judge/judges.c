/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The table of checks.
 */
#include "cli/doctor/judge/judges.h"

#include <string.h>

const MeishiCheck meishi_judges[] = {
    {"runtime", "Runtime directory", meishi_judge_runtime},
    {"socket", "Start on demand", meishi_judge_units},
    {"daemon", "Daemon", meishi_judge_daemon},
    {"store", "Files of the vault", meishi_judge_store},
    {"vault", "Vault", meishi_judge_vault},
    {"keyring", "Secret Service", meishi_judge_keyring},
    {"clock", "Clock", meishi_judge_clock},
    {"identities", "Identities", meishi_judge_identities},
    {"policy", "Policy", meishi_judge_policy},
    {"module", "Module", meishi_judge_module},
    {"programs", "Programs", meishi_judge_programs},
    {"p11-kit", "Rules of p11-kit", meishi_judge_p11_kit},
    {"sandboxes", "Sandboxes", meishi_judge_sandboxes},
    {"tokens", "Cards and tokens", meishi_judge_tokens},
    {"twice", "Seen twice", meishi_judge_twins},
    {"environment", "Environment", meishi_judge_environment},
    {NULL, NULL, NULL},
};

GPtrArray *
meishi_judge_all(const MeishiFacts *facts)
{
    GPtrArray *findings = meishi_finding_list_new();

    for (const MeishiCheck *check = meishi_judges; check->name != NULL; check++) {
        guint before = findings->len;

        check->judge(facts, findings);
        for (guint i = before; i < findings->len; i++)
            ((MeishiFinding *)findings->pdata[i])->check = check->name;
    }
    return findings;
}

const char *
meishi_judge_title(const char *name)
{
    const MeishiCheck *check = meishi_judges;

    while (check->name != NULL && strcmp(check->name, name) != 0)
        check++;
    return check->name != NULL ? check->title : name;
}

const char *
meishi_judge_sudo(const MeishiFacts *facts, guint owner)
{
    return facts->uid == 0 || facts->uid == owner ? "" : "sudo ";
}
