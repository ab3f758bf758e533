/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Modules in files of OpenSSL.
 */
#include "cli/doctor/gather/outside-text.h"

static const struct {
    const char *name;
    const char *text;
    const char *found; /* joined by "|" */
} cases[] = {
    {"engine", "[e]\nMODULE_PATH = /a.so # mine\nPIN = 1\n", "/a.so"},
    {"provider", "  pkcs11-module-path=/a.so\r\n", "/a.so"},
    {"comment", "# MODULE_PATH = /a.so\n", ""},
    {"other", "MY_MODULE_PATH = /a.so\nMODULE_PATH\n", ""},
};

static void
check_case(gconstpointer data)
{
    const gsize i = GPOINTER_TO_SIZE(data);
    g_auto(GStrv) list = meishi_outside_text_openssl_modules(cases[i].text);
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
