/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Modules in files of NSS and OpenSSL.
 */
#include "cli/doctor/gather/outside-text.h"

typedef char **(*Reader)(const char *text);

static const struct {
    const char *name;
    Reader read;
    const char *text;
    const char *found; /* joined by "|" */
} cases[] = {
    {"nss/empty", meishi_outside_text_nss_modules, "", ""},
    {"nss/internal-has-no-library", meishi_outside_text_nss_modules,
     "library=\nname=NSS Internal PKCS #11 Module\nNSS=Flags=internal\n\n", ""},
    {"nss/two", meishi_outside_text_nss_modules,
     "library=/a.so\nname=A card\n\nname=B\nlibrary=/b.so\nNSS=x\n\n", "A card|/a.so|B|/b.so"},
    {"nss/half", meishi_outside_text_nss_modules, "library=/a.so\n\nname=B\n\n", ""},
    {"nss/no-end", meishi_outside_text_nss_modules, "library=/a.so\nname=A", "A|/a.so"},
    {"openssl/engine", meishi_outside_text_openssl_modules,
     "[e]\nMODULE_PATH = /a.so # mine\nPIN = 1\n", "/a.so"},
    {"openssl/provider", meishi_outside_text_openssl_modules, "  pkcs11-module-path=/a.so\r\n",
     "/a.so"},
    {"openssl/comment", meishi_outside_text_openssl_modules, "# MODULE_PATH = /a.so\n", ""},
    {"openssl/other", meishi_outside_text_openssl_modules, "MY_MODULE_PATH = /a.so\nMODULE_PATH\n",
     ""},
};

static void
check_case(gconstpointer data)
{
    const gsize i = GPOINTER_TO_SIZE(data);
    g_auto(GStrv) list = cases[i].read(cases[i].text);
    g_autofree char *found = g_strjoinv("|", list);

    g_assert_cmpstr(found, ==, cases[i].found);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/doctor/outside-text/", cases[i].name, NULL);

        g_test_add_data_func(path, GSIZE_TO_POINTER(i), check_case);
    }
    return g_test_run();
}
