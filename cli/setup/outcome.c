/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The value that says what became of a place, and its names in JSON, which scripts read: they stay.
 */
#include "cli/setup/outcome.h"

MeishiOutcome *
meishi_outcome_new(MeishiOutcomeKind kind, const char *program, const char *title, const char *path)
{
    MeishiOutcome *outcome = g_new0(MeishiOutcome, 1);

    outcome->kind = kind;
    outcome->program = g_strdup(program);
    outcome->title = g_strdup(title);
    outcome->path = g_strdup(path);
    return outcome;
}

void
meishi_outcome_free(MeishiOutcome *outcome)
{
    g_free(outcome->program);
    g_free(outcome->title);
    g_free(outcome->path);
    g_free(outcome->message);
    g_free(outcome->hint);
    g_free(outcome);
}

const char *
meishi_outcome_name(MeishiOutcomeKind kind)
{
    static const char *const names[] = {
        [MEISHI_OUTCOME_DONE] = "done",           [MEISHI_OUTCOME_ALREADY] = "already",
        [MEISHI_OUTCOME_BUSY] = "busy",           [MEISHI_OUTCOME_FAILED] = "failed",
        [MEISHI_OUTCOME_LEFT] = "left",           [MEISHI_OUTCOME_RESTORED] = "restored",
        [MEISHI_OUTCOME_TAKEN_OUT] = "taken-out",
    };

    return names[kind];
}

gboolean
meishi_outcome_is_bad(const MeishiOutcome *outcome)
{
    return outcome->kind == MEISHI_OUTCOME_BUSY || outcome->kind == MEISHI_OUTCOME_FAILED;
}
