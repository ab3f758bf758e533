/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Variables of the shell that send programs elsewhere.
 */
#include "cli/doctor/judge/judges.h"

static void
judge_module_path(const MeishiEnvironmentFacts *environment, GPtrArray *findings)
{
    MeishiFinding *finding;

    if (environment->module_path == NULL || environment->module_path_is_ours)
        return;
    finding = meishi_finding_problem(findings, "environment-module",
                                     "PKCS11_MODULE_PATH is %s, which %s", environment->module_path,
                                     environment->module_path_exists ? "is another module"
                                                                     : "does not exist");
    meishi_finding_means(finding, "curl and openssl look there for certificates and nowhere else.");
    meishi_finding_mends(finding, "unset PKCS11_MODULE_PATH");
}

static void
judge_openssl(const MeishiEnvironmentFacts *environment, GPtrArray *findings)
{
    MeishiFinding *finding;

    if (environment->openssl_conf == NULL || environment->openssl_conf[0] == '\0')
        return;
    if (!environment->openssl_conf_exists)
        finding = meishi_finding_problem(findings, "environment-openssl",
                                         "OPENSSL_CONF is %s, which cannot be read",
                                         environment->openssl_conf);
    else if (environment->openssl_conf_module != NULL)
        finding = meishi_finding_problem(
            findings, "environment-openssl", "OPENSSL_CONF is %s, which names the module %s",
            environment->openssl_conf, environment->openssl_conf_module);
    else
        return;
    meishi_finding_means(finding, "Programs with OpenSSL are not configured as the system is, and "
                                  "look for certificates elsewhere or nowhere.");
    meishi_finding_mends(finding, "unset OPENSSL_CONF");
}

static void
judge_no_user_config(const MeishiFacts *facts, GPtrArray *findings)
{
    MeishiFinding *finding;

    if (facts->environment.no_user_config == NULL || facts->uid == 0)
        return;
    finding =
        meishi_finding_problem(findings, "environment-p11-kit", "P11_KIT_NO_USER_CONFIG is set");
    meishi_finding_means(finding, "p11-kit passes over what you have configured.");
    meishi_finding_mends(finding, "unset P11_KIT_NO_USER_CONFIG");
}

void
meishi_judge_environment(const MeishiFacts *facts, GPtrArray *findings)
{
    guint before = findings->len;

    judge_module_path(&facts->environment, findings);
    judge_openssl(&facts->environment, findings);
    judge_no_user_config(facts, findings);
    if (findings->len == before)
        meishi_finding_ok(findings, "environment", "sends no program elsewhere");
}
