/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Variables of whoever calls.
 */
#include "cli/doctor/gather/gather-private.h"
#include "cli/doctor/gather/outside-text.h"

#include <unistd.h>

/* The first module that is not ours. */
static char *
find_other_module(const char *text, const char *ours)
{
    g_auto(GStrv) modules = meishi_outside_text_openssl_modules(text);

    for (char **module = modules; *module != NULL; module++) {
        if (!meishi_gather_is_same_file(*module, ours))
            return g_strdup(*module);
    }
    return NULL;
}

void
meishi_gather_environment(MeishiGathering *gathering)
{
    MeishiFacts *facts = gathering->facts;
    MeishiEnvironmentFacts *environment = &facts->environment;
    const char *ours = gathering->around != NULL ? gathering->around->module : NULL;
    const char *module = g_getenv("PKCS11_MODULE_PATH");
    const char *conf = g_getenv("OPENSSL_CONF");
    g_autofree char *text = conf != NULL ? meishi_gather_text(conf) : NULL;

    environment->module_path = meishi_facts_copy(facts, module);
    environment->module_path_exists = module != NULL && access(module, F_OK) == 0;
    environment->module_path_is_ours = meishi_gather_is_same_file(module, ours);
    environment->openssl_conf = meishi_facts_copy(facts, conf);
    environment->openssl_conf_exists = conf != NULL && access(conf, R_OK) == 0;
    if (text != NULL)
        environment->openssl_conf_module = meishi_facts_keep(facts, find_other_module(text, ours));
    environment->no_user_config = meishi_facts_copy(facts, g_getenv("P11_KIT_NO_USER_CONFIG"));
}
