/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * cli/setup/profiles-ini.c: profiles as Firefox writes them, and as people edit them.
 */
#include "cli/setup/profiles-ini.h"

#define DIR "/h/alice/.mozilla/firefox"

static const char as_written[] = "[Profile1]\n"
                                 "Name=default\n"
                                 "IsRelative=1\n"
                                 "Path=w016univ.default\n"
                                 "Default=1\n"
                                 "\n"
                                 "[Profile0]\n"
                                 "Name=default-esr\n"
                                 "IsRelative=1\n"
                                 "Path=lfe63h1s.default-esr\n"
                                 "\n"
                                 "[General]\n"
                                 "StartWithLastProfile=1\n"
                                 "Version=2\n"
                                 "\n"
                                 "[Install3B6073811A6ABF12]\n"
                                 "Default=lfe63h1s.default-esr\n"
                                 "Locked=1\n";

static const struct {
    const char *text, *name, *path; /* of the first; NULL: there is none */
} rows[] = {
    {"", NULL, NULL},
    {"[General]\nPath=x\nName=x\n", NULL, NULL},
    {"Path=x\nName=x\n", NULL, NULL},
    {"[Profile0]\nName=x\n", NULL, NULL},
    {"[Profile0]\nPath=\n", NULL, NULL},
    {"[Profiles]\nPath=x\n", NULL, NULL},
    {"[Profile0]\nPath=x", "", DIR "/x"},
    {"[Profile0]\nIsRelative=0\nPath=/srv/alice\nName=work", "work", "/srv/alice"},
    {"[Profile0]\r\nName=dos\r\nPath=x\r\n", "dos", DIR "/x"},
    {"[Profile0]\nName = blanks \nPath = a b \n", "blanks", DIR "/a b"},
    /* what says it is absolute and is not */
    {"[Profile0]\nIsRelative=0\nPath=x\n", "", DIR "/x"},
    {"[Profile0]\nno sign\n=\n[\nName=after a broken header\nPath=x\n", NULL, NULL},
};

static void
test_rows(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GPtrArray) profiles = meishi_profiles_ini_parse(rows[i].text, DIR);
        const MeishiProfile *first = profiles->len > 0 ? profiles->pdata[0] : NULL;

        g_assert_cmpstr(first != NULL ? first->name : NULL, ==, rows[i].name);
        g_assert_cmpstr(first != NULL ? first->path : NULL, ==, rows[i].path);
    }
}

static void
test_as_written(void)
{
    g_autoptr(GPtrArray) profiles = meishi_profiles_ini_parse(as_written, DIR);
    const MeishiProfile *second;

    g_assert_cmpuint(profiles->len, ==, 2);
    second = profiles->pdata[1];
    g_assert_cmpstr(second->name, ==, "default-esr");
    g_assert_cmpstr(second->path, ==, DIR "/lfe63h1s.default-esr");
}

static void
test_too_many(void)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GPtrArray) profiles = NULL;

    for (guint i = 0; i < 2 * MEISHI_PROFILES_INI_MAX; i++)
        g_string_append_printf(text, "[Profile%u]\nPath=%u\n", i, i);
    profiles = meishi_profiles_ini_parse(text->str, DIR);
    g_assert_cmpuint(profiles->len, ==, MEISHI_PROFILES_INI_MAX);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/profiles-ini/rows", test_rows);
    g_test_add_func("/profiles-ini/as-written", test_as_written);
    g_test_add_func("/profiles-ini/too-many", test_too_many);
    return g_test_run();
}
