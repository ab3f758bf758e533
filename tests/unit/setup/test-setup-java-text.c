/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * cli/setup/java-text.c: three formats, three ways to quote.
 */
#include "cli/setup/java-text.h"

#include <string.h>

static void
test_provider(void)
{
    const struct {
        const char *master;
        guint number;
    } rows[] = {
        {"", 1},
        {"security.provider.1=SUN\nsecurity.provider.2=SunEC\n", 3},
        {"security.provider.1=SUN\nsecurity.provider.12=SunPKCS11\n", 12},
        {"security.provider.1=SUN\n#security.provider.2=SunPKCS11\n", 2},
        {" security.provider.3 = SunPKCS11 /etc/nss.cfg\n", 3},
        {"security.provider.99999999999=SunPKCS11\n", 1},
        {"security.provider.x=SunPKCS11\nsecurity.provider.=SunPKCS11\n", 1},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        g_assert_cmpuint(meishi_java_text_provider(rows[i].master), ==, rows[i].number);
}

static void
test_configuration(void)
{
    g_autofree char *plain = meishi_java_text_configuration("/usr/lib/m.so");
    g_autofree char *odd = meishi_java_text_configuration("/a b/\"c\"\\m.so");
    g_autofree char *foreign = meishi_java_text_configuration("/ü/m.so");
    g_autofree char *expanded = meishi_java_text_configuration("/${user.home}/m.so");

    g_assert_nonnull(strstr(plain, "\nlibrary = \"/usr/lib/m.so\"\n"));
    g_assert_nonnull(strstr(odd, "\nlibrary = \"/a b/\\\"c\\\"\\\\m.so\"\n"));
    g_assert_null(foreign);
    g_assert_null(expanded);
}

static void
test_security(void)
{
    g_autofree char *text = meishi_java_text_security(12, "/h/名刺 \\/p.cfg");

    g_assert_true(
        g_str_has_suffix(text, "\nsecurity.provider.12=SunPKCS11 /h/\\u540D\\u523A \\\\/p.cfg\n"));
}

static void
test_arguments(void)
{
    g_autofree char *text = meishi_java_text_arguments("/a b/\"c\\");

    g_assert_nonnull(strstr(text, "\n\"-Djava.security.properties=/a b/\\\"c\\\\\"\n"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/java-text/provider", test_provider);
    g_test_add_func("/java-text/configuration", test_configuration);
    g_test_add_func("/java-text/security", test_security);
    g_test_add_func("/java-text/arguments", test_arguments);
    return g_test_run();
}
