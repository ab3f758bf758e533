/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * cli/setup/nss-modules.c: one stanza comes and goes, and no other byte moves.
 */
#include "cli/setup/nss-modules.h"

#define INTERNAL                                                                          \
    "library=\n"                                                                          \
    "name=NSS Internal PKCS #11 Module\n"                                                 \
    "parameters=configdir='sql:/h/alice/.pki/nssdb' certPrefix='' keyPrefix='' flags= \n" \
    "NSS=Flags=internal,critical trustOrder=75 cipherOrder=100\n"                         \
    "\n"
#define OPENSC "library=/usr/lib/opensc-pkcs11.so\nname=Card\n\n"
#define OURS   "library=/usr/lib/pkcs11/meishi-pkcs11.so\nname=Meishi\n\n"
#define STALE  "library=/opt/old/lib/meishi-pkcs11.so\nname=My cards\nNSS=trustOrder=50\n\n"

static const struct {
    const char *before, *after, *removed, *found;
} rows[] = {
    {"", OURS, "", NULL},
    {INTERNAL, INTERNAL OURS, INTERNAL, NULL},
    {INTERNAL OPENSC, INTERNAL OPENSC OURS, INTERNAL OPENSC, NULL},
    {INTERNAL OURS, INTERNAL OURS, INTERNAL, "/usr/lib/pkcs11/meishi-pkcs11.so"},
    {INTERNAL OURS OPENSC, INTERNAL OPENSC OURS, INTERNAL OPENSC,
     "/usr/lib/pkcs11/meishi-pkcs11.so"},
    /* of another prefix, under whatever name */
    {INTERNAL STALE OPENSC, INTERNAL OPENSC OURS, INTERNAL OPENSC, "/opt/old/lib/meishi-pkcs11.so"},
    /* no empty line at the end, no line break */
    {"library=/a.so\nname=A\n", "library=/a.so\nname=A\n\n" OURS, "library=/a.so\nname=A\n", NULL},
    {"library=/a.so\nname=A", "library=/a.so\nname=A\n\n" OURS, "library=/a.so\nname=A", NULL},
    /* blanks around the sign, a comment in between */
    {"# mine\n library = /opt/meishi-pkcs11.so \nname=X\n\n" OPENSC, OPENSC OURS, OPENSC,
     "/opt/meishi-pkcs11.so"},
    /* a module that is only called like us */
    {"library=/a/not-meishi-pkcs11.so\nname=Meishi\n\n",
     "library=/a/not-meishi-pkcs11.so\nname=Meishi\n\n" OURS,
     "library=/a/not-meishi-pkcs11.so\nname=Meishi\n\n", NULL},
};

static void
test_rows(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *added =
            meishi_nss_modules_add(rows[i].before, "/usr/lib/pkcs11/meishi-pkcs11.so");
        g_autofree char *again = meishi_nss_modules_add(added, "/usr/lib/pkcs11/meishi-pkcs11.so");
        g_autofree char *removed = meishi_nss_modules_remove(rows[i].before);
        g_auto(GStrv) found = meishi_nss_modules_find(rows[i].before);

        g_assert_cmpstr(added, ==, rows[i].after);
        g_assert_cmpstr(again, ==, rows[i].after);
        g_assert_cmpstr(removed, ==, rows[i].removed);
        g_assert_cmpstr(found[0], ==, rows[i].found);
    }
}

/* NSS reads the rest of the line, without quotes. */
static void
test_path_with_everything(void)
{
    static const char path[] = "/h/a b/\"q\" 'x'/meishi-pkcs11.so";
    g_autofree char *added = meishi_nss_modules_add("", path);
    g_auto(GStrv) found = meishi_nss_modules_find(added);

    g_assert_cmpstr(found[0], ==, path);
    g_assert_null(found[1]);
}

static void
test_list(void)
{
    static const char *const lists[][2] = {
        {"", ""},
        {INTERNAL OPENSC OURS,
         "Card|/usr/lib/opensc-pkcs11.so|Meishi|/usr/lib/pkcs11/meishi-pkcs11.so"},
        {"name=B\nlibrary=/b.so\nNSS=x\n\n", "B|/b.so"},
        {"library=/a.so\n\nname=B\n\n", ""},
        {"library=/a.so\nname=A", "A|/a.so"},
        {"library=/a.so\nlibrary=/b.so\nname=A\nname=B\n", "A|/a.so"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(lists); i++) {
        g_auto(GStrv) list = meishi_nss_modules_list(lists[i][0]);
        g_autofree char *joined = g_strjoinv("|", list);

        g_assert_cmpstr(joined, ==, lists[i][1]);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/nss-modules/rows", test_rows);
    g_test_add_func("/nss-modules/list", test_list);
    g_test_add_func("/nss-modules/path", test_path_with_everything);
    return g_test_run();
}
