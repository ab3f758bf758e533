/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Firefox's policies for all users.  /etc/firefox/policies/policies.json hides the one of the
 * installation directory (EnterprisePoliciesParent.sys.mjs), so a new one there would take an
 * administrator's policies out of force: where only that one is, that one is changed.
 */
#include "cli/setup/policies-place.h"

#include "cli/setup/file-state.h"
#include "cli/setup/firefox-policies.h"

#define FOR_ALL "/etc/firefox/policies/policies.json"

static const char *const installations[] = {
    "/usr/lib/firefox-esr", "/usr/lib/firefox",   "/usr/lib64/firefox",
    "/opt/firefox",         "/usr/local/firefox", "/usr/lib/mozilla/firefox",
};

static gboolean
is_there(const MeishiSurroundings *around, const char *path)
{
    g_autofree char *whole = meishi_surroundings_system_path(around, path);

    return g_file_test(whole, G_FILE_TEST_EXISTS);
}

char *
meishi_policies_place_path(const MeishiSurroundings *around)
{
    if (is_there(around, FOR_ALL))
        return meishi_surroundings_system_path(around, FOR_ALL);
    for (gsize i = 0; i < G_N_ELEMENTS(installations); i++) {
        g_autofree char *path =
            g_build_filename(installations[i], "distribution", "policies.json", NULL);

        if (is_there(around, path))
            return meishi_surroundings_system_path(around, path);
    }
    return meishi_surroundings_system_path(around, FOR_ALL);
}

char *
meishi_policies_place_module(const char *path)
{
    g_autoptr(MeishiFileState) file = meishi_file_state_read(path, "", NULL);
    g_autofree char *text = file != NULL ? meishi_file_state_text(file, NULL) : NULL;
    char *module = NULL;

    if (text == NULL || !meishi_firefox_policies_find(text, &module, NULL))
        return NULL;
    return module;
}
