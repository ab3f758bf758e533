/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * cli/setup/ssh-config.c: a block at the end, and what counts for all hosts.
 */
#include "cli/setup/ssh-config.h"

#define MODULE "/usr/lib/pkcs11/meishi-pkcs11.so"
#define BEGIN  "# Meishi: begin (written by `meishi setup ssh`)\n"
#define BLOCK  BEGIN "Match all\n    PKCS11Provider \"" MODULE "\"\n# Meishi: end\n"
#define OLD    BEGIN "Match all\n    PKCS11Provider \"/opt/meishi-pkcs11.so\"\n# Meishi: end\n"
#define HOSTS  "Host work\n    User alice\n"

static const struct {
    const char *before, *after, *found;
} rows[] = {
    {"", BLOCK, NULL},
    {HOSTS, HOSTS BLOCK, NULL},
    {"Host work", "Host work\n" BLOCK, NULL},
    {HOSTS BLOCK, HOSTS BLOCK, MODULE},
    {BLOCK HOSTS, HOSTS BLOCK, MODULE},
    {HOSTS OLD, HOSTS BLOCK, "/opt/meishi-pkcs11.so"},
    /* what a person wrote stays */
    {"PKCS11Provider " MODULE "\n", "PKCS11Provider " MODULE "\n" BLOCK, MODULE},
    {"pkcs11provider=\"" MODULE "\"\n", "pkcs11provider=\"" MODULE "\"\n" BLOCK, MODULE},
    {"Host *\n PKCS11Provider\t" MODULE "\n", "Host *\n PKCS11Provider\t" MODULE "\n" BLOCK,
     MODULE},
    {"Host a\n PKCS11Provider " MODULE "\n", "Host a\n PKCS11Provider " MODULE "\n" BLOCK, NULL},
    {"Match user x\n PKCS11Provider " MODULE "\n",
     "Match user x\n PKCS11Provider " MODULE "\n" BLOCK, NULL},
    {"# PKCS11Provider " MODULE "\n", "# PKCS11Provider " MODULE "\n" BLOCK, NULL},
    {"PKCS11Provider /usr/lib/opensc-pkcs11.so\n",
     "PKCS11Provider /usr/lib/opensc-pkcs11.so\n" BLOCK, NULL},
    /* a block that lost its end takes nothing with it */
    {BEGIN HOSTS, BEGIN HOSTS BLOCK, NULL},
    {BEGIN HOSTS BLOCK, BEGIN HOSTS BLOCK, MODULE},
};

static void
test_rows(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *added = meishi_ssh_config_add(rows[i].before, MODULE);
        g_autofree char *again = meishi_ssh_config_add(added, MODULE);
        g_autofree char *found = meishi_ssh_config_find(rows[i].before);

        g_assert_cmpstr(added, ==, rows[i].after);
        g_assert_cmpstr(again, ==, rows[i].after);
        g_assert_cmpstr(found, ==, rows[i].found);
    }
}

static void
test_remove(void)
{
    g_autofree char *nothing = meishi_ssh_config_remove(BLOCK);
    g_autofree char *rest = meishi_ssh_config_remove("Host a\n" BLOCK "Host b\n");
    g_autofree char *endless = meishi_ssh_config_remove("Host a\n" BEGIN "Host b\n");

    g_assert_cmpstr(nothing, ==, "");
    g_assert_cmpstr(rest, ==, "Host a\nHost b\n");
    g_assert_cmpstr(endless, ==, "Host a\n" BEGIN "Host b\n");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ssh-config/rows", test_rows);
    g_test_add_func("/ssh-config/remove", test_remove);
    return g_test_run();
}
