/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Desktop files are named after the sandbox's name: Flatpak's ID.desktop, Snap's NAME_NAME.desktop.
 */
#include "daemon/prompter/installed-program.h"

#include <gio/gdesktopappinfo.h>
#include <string.h>

GAppInfo *
meishi_installed_program_find(const char *application)
{
    const char *name = strchr(application, ':');
    g_autofree char *id = NULL;
    GDesktopAppInfo *info;

    if (g_str_has_prefix(application, "flatpak:"))
        id = g_strconcat(name + 1, ".desktop", NULL);
    else if (g_str_has_prefix(application, "snap:"))
        id = g_strconcat(name + 1, "_", name + 1, ".desktop", NULL);
    if (id == NULL || strchr(id, '/') != NULL)
        return NULL;
    info = g_desktop_app_info_new(id);
    return info != NULL ? G_APP_INFO(info) : NULL;
}
