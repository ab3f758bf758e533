/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Variables of whoever calls.
 */
#include "cli/doctor/gather/gather-private.h"

#include <string.h>
#include <unistd.h>

/* The value of a line "NAME = value" of openssl's configuration (config(5ssl)); new, or NULL. */
static char *
read_setting(const char *line, const char *name)
{
    const char *equals = strchr(line, '=');
    g_autofree char *key = equals != NULL ? g_strndup(line, (gsize)(equals - line)) : NULL;
    char *value;

    if (key == NULL || strcmp(g_strstrip(key), name) != 0)
        return NULL;
    value = g_strdup(equals + 1);
    value[strcspn(value, "#")] = '\0';
    return g_strstrip(value);
}

/* The module that the engine or the provider for PKCS#11 is told to load, where it is not ours. */
static char *
find_other_module(const char *text, const char *ours)
{
    static const char *const names[] = {"MODULE_PATH", "pkcs11-module-path"};
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        for (char **line = lines; *line != NULL; line++) {
            g_autofree char *module = read_setting(*line, names[i]);

            if (module != NULL && !meishi_gather_is_same_file(module, ours))
                return g_steal_pointer(&module);
        }
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
