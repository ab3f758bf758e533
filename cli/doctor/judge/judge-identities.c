/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the daemon warns of, in the daemon's words (daemon/policy/check.c).  Which warning stops a
 * person from logging in is decided here.
 */
#include "cli/doctor/judge/judges.h"

#include <string.h>

typedef struct {
    const char *warning;
    MeishiFindingLevel level;
    const char *command; /* NULL: nothing can be done to this one */
} Weight;

static const Weight weights[] = {
    {"expired", MEISHI_FINDING_PROBLEM, "meishi import FILE"},
    {"not-yet-valid", MEISHI_FINDING_NOTE, NULL},
    {"expires-soon", MEISHI_FINDING_NOTE, "meishi import FILE"},
    {"no-certificate", MEISHI_FINDING_NOTE, "meishi import FILE"},
    {"missing-issuer", MEISHI_FINDING_NOTE, "meishi import FILE"},
};

static const Weight *
find_weight(const char *warning)
{
    static const Weight other = {"", MEISHI_FINDING_NOTE, NULL};

    for (gsize i = 0; i < G_N_ELEMENTS(weights); i++) {
        if (strcmp(weights[i].warning, warning) == 0)
            return &weights[i];
    }
    return &other;
}

static void
judge_warning(const MeishiIdentityFact *identity, guint index, GPtrArray *findings)
{
    const Weight *weight = find_weight(identity->warnings[index]);
    const char *code = weight->warning[0] != '\0' ? weight->warning : "identity-warning";
    MeishiFinding *finding = weight->level == MEISHI_FINDING_PROBLEM
                                 ? meishi_finding_problem(findings, code, "“%s”", identity->label)
                                 : meishi_finding_note(findings, code, "“%s”", identity->label);

    meishi_finding_means(finding, "%s", identity->messages[index]);
    if (weight->command != NULL)
        meishi_finding_mends(finding, "%s", weight->command);
}

/* What has been renewed is history; what ends or lacks something with it is nobody's concern. */
static gboolean
judge_identity(const MeishiIdentityFact *identity, GPtrArray *findings)
{
    guint before = findings->len;

    for (guint i = 0; !identity->is_superseded && identity->warnings[i] != NULL; i++)
        judge_warning(identity, i, findings);
    return findings->len == before;
}

void
meishi_judge_identities(const MeishiFacts *facts, GPtrArray *findings)
{
    guint n_well = 0;

    if (!facts->daemon.is_known)
        return;
    if (facts->n_identities == 0) {
        MeishiFinding *finding = meishi_finding_note(findings, "identities-none", "none");

        meishi_finding_means(finding, "Programs find no certificate until you import one.");
        meishi_finding_mends(finding, "meishi import FILE");
        return;
    }
    for (guint i = 0; i < facts->n_identities; i++)
        n_well += judge_identity(&facts->identities[i], findings) ? 1 : 0;
    if (n_well > 0)
        meishi_finding_ok(findings, "identities", "%u without remarks", n_well);
}
