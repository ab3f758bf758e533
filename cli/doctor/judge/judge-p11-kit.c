/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What in p11-kit's configuration (pkcs11.conf(5)) keeps programs from the module, although that is
 * named there; and what shows them a card beside us.
 */
#include "cli/doctor/judge/judges.h"

static void
judge_bad_file(const MeishiFacts *facts, const MeishiP11KitFact *fact, GPtrArray *findings)
{
    g_autofree char *quoted = meishi_finding_quote(fact->file);
    g_autofree char *name = g_path_get_basename(fact->file);
    g_autofree char *dir = g_path_get_dirname(fact->file);
    g_autofree char *above = g_path_get_dirname(dir);
    g_autofree char *away = g_build_filename(above, name, NULL);
    g_autofree char *quoted_away = meishi_finding_quote(away);
    MeishiFinding *finding = meishi_finding_problem(
        findings, "p11-kit-bad-file", "%s cannot be read: %s", fact->file, fact->value);

    meishi_finding_means(finding,
                         "Because of one bad file p11-kit loads no module at all. It reads "
                         "files of any name, so the file has to leave the directory.");
    meishi_finding_mends(finding, "%smv %s %s.bad", meishi_judge_sudo(facts, fact->uid), quoted,
                         quoted_away);
}

static void
judge_restriction(const MeishiFacts *facts, const MeishiP11KitFact *fact, GPtrArray *findings)
{
    gboolean is_disabled = fact->trouble == MEISHI_P11_KIT_DISABLED_IN;
    const char *key = is_disabled ? "disable-in" : "enable-in";
    g_autofree char *quoted = meishi_finding_quote(fact->file);
    MeishiFinding *finding = meishi_finding_problem(
        findings, is_disabled ? "p11-kit-disabled" : "p11-kit-enabled-elsewhere",
        "%s says “%s: %s”", fact->file, key, fact->value);

    meishi_finding_means(finding, is_disabled ? "These programs do not see your certificates."
                                              : "All other programs do not see your certificates.");
    meishi_finding_mends(finding, "%ssed -i '/^[[:space:]]*%s[[:space:]]*:/d' %s",
                         meishi_judge_sudo(facts, fact->uid), key, quoted);
}

static void
judge_ignored(const MeishiP11KitFact *fact, GPtrArray *findings)
{
    MeishiFinding *finding =
        meishi_finding_problem(findings, "p11-kit-root", "%s is not read for root", fact->file);

    meishi_finding_means(finding, "p11-kit passes over what root has configured as a person. "
                                  "Programs that root runs do not see your certificates.");
    meishi_finding_mends(finding, "meishi setup --system p11-kit");
}

void
meishi_judge_p11_kit(const MeishiFacts *facts, GPtrArray *findings)
{
    for (guint i = 0; i < facts->n_p11_kit; i++) {
        const MeishiP11KitFact *fact = &facts->p11_kit[i];

        switch (fact->trouble) {
        case MEISHI_P11_KIT_BAD_FILE:
            judge_bad_file(facts, fact, findings);
            break;
        case MEISHI_P11_KIT_DISABLED_IN:
        case MEISHI_P11_KIT_ENABLED_IN:
            judge_restriction(facts, fact, findings);
            break;
        case MEISHI_P11_KIT_USER_IGNORED:
            judge_ignored(fact, findings);
            break;
        }
    }
    if (facts->n_p11_kit == 0)
        meishi_finding_ok(findings, "p11-kit", "keeps no program from the module");
}

/* ---- twins ---------------------------------------------------------------------------------- */

static void
mend_twin(const MeishiFacts *facts, const MeishiTwinFact *twin, MeishiFinding *finding)
{
    if (twin->database != NULL) {
        g_autofree char *directory = g_strconcat("sql:", twin->database, NULL);
        g_autofree char *quoted = meishi_finding_quote(directory);
        g_autofree char *name = meishi_finding_quote(twin->module);

        meishi_finding_mends(finding, "modutil -force -dbdir %s -delete %s", quoted, name);
    } else {
        g_autofree char *dir = g_path_get_dirname(twin->file);
        g_autofree char *quoted_dir = meishi_finding_quote(dir);
        g_autofree char *quoted = meishi_finding_quote(twin->file);

        meishi_finding_mends(finding, "%s%s%sprintf '\\nenable-in: meishid\\n' >> %s",
                             twin->needs_dir ? "mkdir -p " : "", twin->needs_dir ? quoted_dir : "",
                             twin->needs_dir ? " && " : "", quoted);
    }
}

void
meishi_judge_twins(const MeishiFacts *facts, GPtrArray *findings)
{
    for (guint i = 0; i < facts->n_twins; i++) {
        const MeishiTwinFact *twin = &facts->twins[i];
        MeishiFinding *finding = meishi_finding_problem(
            findings, "twice", "%s shows “%s” through the module “%s” and through Meishi",
            twin->title, twin->token, twin->module);

        meishi_finding_means(finding, "Programs list its certificates twice, and what goes past "
                                      "Meishi asks for the PIN once more and takes the card for "
                                      "itself.");
        mend_twin(facts, twin, finding);
    }
    if (facts->n_twins == 0 && facts->daemon.is_known)
        meishi_finding_ok(findings, "twice-none", "nothing");
}
