/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * daemon/asking/distinguished.c: parts of RFC 4514 names, with every kind of escape.
 */
#include "daemon/asking/distinguished.h"

static const struct {
    const char *name, *type, *value;
} rows[] = {
    {"CN=Hana Sato,OU=Admins,O=Example Corp,C=JP", "CN", "Hana Sato"},
    {"CN=Hana Sato,OU=Admins,O=Example Corp,C=JP", "OU", "Admins"},
    {"CN=Hana Sato,OU=Admins,O=Example Corp,C=JP", "C", "JP"},
    {"CN=Hana Sato,OU=Admins", "L", NULL},
    {"cn=Hana", "CN", "Hana"},
    {"OU=First,OU=Second", "OU", "First"},
    {"UID=hs+CN=Hana", "CN", "Hana"},
    {"CN=Sato\\, Hana,O=x", "CN", "Sato, Hana"},
    {"CN=a\\+b\\=c\\\\d,O=x", "CN", "a+b=c\\d"},
    {"CN=\\E5\\90\\8D\\E5\\88\\BA,O=x", "CN", "名刺"},
    {"O=CN=x\\,CN=no,CN=yes", "CN", "yes"},
    {"CN=", "CN", ""},
    {"CN=ends\\", "CN", "ends\\"},
    {"CN=ends\\4", "CN", "ends4"},
    {"CNX=no", "CN", NULL},
    {"", "CN", NULL},
    {",,+,", "CN", NULL},
};

static void
test_find(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *value = meishi_distinguished_find(rows[i].name, rows[i].type);

        g_assert_cmpstr(value, ==, rows[i].value);
    }
}

static void
test_short(void)
{
    g_autofree char *common = meishi_distinguished_short("O=x,CN=Hana");
    g_autofree char *whole = meishi_distinguished_short("O=Example Corp,C=JP");

    g_assert_cmpstr(common, ==, "Hana");
    g_assert_cmpstr(whole, ==, "O=Example Corp,C=JP");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/asking/distinguished/find", test_find);
    g_test_add_func("/asking/distinguished/short", test_short);
    return g_test_run();
}
