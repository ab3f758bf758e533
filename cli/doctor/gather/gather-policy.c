/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The installed policy files, read as `meishi policy check` reads them.
 */
#include "cli/doctor/gather/gather-private.h"

#include "cli/policy-state.h"
#include "daemon/rules/rule-files.h"

#include <sys/stat.h>

/* Others may not write to a policy file or its directory (daemon/policy/rule-merge.c). */
static MeishiFileFact
find_open_place(MeishiFacts *facts, const char *path)
{
    g_autofree char *dir = g_path_get_dirname(path);
    const MeishiFileFact file = meishi_gather_file(facts, path);
    const MeishiFileFact above = meishi_gather_file(facts, dir);

    if (file.exists && !S_ISLNK(file.mode) && (file.mode & 022) != 0)
        return file;
    return above.exists && (above.mode & 022) != 0 ? above : (MeishiFileFact){.path = NULL};
}

static MeishiPolicyFact
read_lint(MeishiFacts *facts, const MeishiLint *lint)
{
    const char *path = lint->file != NULL ? lint->file : "";
    MeishiPolicyFact fact = {
        .is_error = lint->severity == MEISHI_LINT_ERROR,
        .file = meishi_facts_copy(facts, path),
        .line = lint->line,
        .text = meishi_facts_keep(facts, meishi_lint_to_text(lint)),
        .uid = meishi_gather_file(facts, path).uid,
    };

    if (fact.is_error && lint->line == 0)
        fact.open_place = find_open_place(facts, path);
    return fact;
}

void
meishi_gather_policy(MeishiGathering *gathering)
{
    MeishiFacts *facts = gathering->facts;
    g_autoptr(MeishiRuleFiles) files = meishi_rule_files_new_installed(NULL);
    g_autoptr(GPtrArray) lints = meishi_lint_list_new();
    g_autoptr(MeishiPolicySet) set = meishi_rule_files_merge(files, lints);
    GArray *remarks = g_array_new(FALSE, FALSE, sizeof(MeishiPolicyFact));
    g_auto(MeishiPolicyState) state = {.roles = NULL};

    for (guint i = 0; i < lints->len; i++) {
        const MeishiPolicyFact fact = read_lint(facts, lints->pdata[i]);

        g_array_append_val(remarks, fact);
    }
    facts->policy = meishi_facts_keep_array(facts, remarks, &facts->n_policy);
    facts->n_policy_files = meishi_rule_files_count(files);
    if (gathering->client != NULL && meishi_policy_state_read(gathering->client, &state, NULL))
        facts->policy_has_failed = state.has_failed;
}
