/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The table of programs.  A new one is a function in find.h and a line here.
 */
#include "cli/setup/places.h"

#include "cli/setup/find.h"

typedef void (*Find)(const MeishiSurroundings *around, GPtrArray *places);

static const struct {
    const char *name;
    Find for_person;
    Find for_all;
} programs[] = {
    {"p11-kit", meishi_find_p11_kit, meishi_find_p11_kit},
    {"firefox", meishi_find_firefox, meishi_find_policies},
    {"thunderbird", meishi_find_thunderbird, NULL},
    {"libreoffice", meishi_find_libreoffice, NULL},
    {"chromium", meishi_find_chromium, NULL},
    {"java", meishi_find_java, NULL},
    {"openssl", meishi_find_openssl, NULL},
    {"ssh", meishi_find_ssh, NULL},
    {"git", meishi_find_git, NULL},
    {"curl", meishi_find_curl, NULL},
    {"systemd", NULL, meishi_find_units},
};

const char *const *
meishi_places_programs(void)
{
    static const char *names[G_N_ELEMENTS(programs) + 1];

    for (gsize i = 0; i < G_N_ELEMENTS(programs); i++)
        names[i] = programs[i].name;
    return names;
}

GPtrArray *
meishi_places_find(const MeishiSurroundings *around, const char *const *wanted)
{
    GPtrArray *places = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_place_free);

    for (gsize i = 0; i < G_N_ELEMENTS(programs); i++) {
        Find find = around->is_system ? programs[i].for_all : programs[i].for_person;

        if (find != NULL && (wanted == NULL || g_strv_contains(wanted, programs[i].name)))
            find(around, places);
    }
    return places;
}
