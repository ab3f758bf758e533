/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From a kind of place to the functions that know its format.
 */
#include "cli/setup/place-text.h"

#include "cli/setup/firefox-policies.h"
#include "cli/setup/module-text.h"
#include "cli/setup/nss-modules.h"
#include "cli/setup/ssh-config.h"
#include "daemon/base/error.h"

#include <string.h>

static GBytes *
take_text(char *text)
{
    return text != NULL ? g_bytes_new_take(text, strlen(text)) : NULL;
}

static void
fail(const char *path, GError **error)
{
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_UNSUPPORTED,
                "%s was changed by somebody else since, and stays as it is.", path);
}

GBytes *
meishi_place_text_make(const MeishiPlace *place, const MeishiFileState *file, GError **error)
{
    g_autofree char *text = NULL;

    if (place->whole != NULL)
        return g_bytes_ref(place->whole);
    text = meishi_file_state_text(file, error);
    if (text == NULL)
        return NULL;
    switch (place->kind) {
    case MEISHI_PLACE_P11_KIT:
        return take_text(meishi_module_text_set(text, place->wanted));
    case MEISHI_PLACE_NSS:
        return take_text(meishi_nss_modules_add(text, place->wanted));
    case MEISHI_PLACE_SSH:
        return take_text(meishi_ssh_config_add(text, place->wanted));
    case MEISHI_PLACE_POLICIES:
        return take_text(meishi_firefox_policies_add(text, place->wanted, error));
    default:
        fail(file->path, error);
        return NULL;
    }
}

GBytes *
meishi_place_text_without(MeishiPlaceKind kind, const MeishiFileState *file, GError **error)
{
    g_autofree char *text = meishi_file_state_text(file, error);

    if (text == NULL)
        return NULL;
    switch (kind) {
    case MEISHI_PLACE_NSS:
        return take_text(meishi_nss_modules_remove(text));
    case MEISHI_PLACE_SSH:
        return take_text(meishi_ssh_config_remove(text));
    case MEISHI_PLACE_POLICIES:
        return take_text(meishi_firefox_policies_remove(text, error));
    default:
        fail(file->path, error);
        return NULL;
    }
}

/* ssh refuses a configuration that others may write; a library is loaded and never run. */
guint
meishi_place_text_mode(MeishiPlaceKind kind, gboolean is_system)
{
    return is_system || kind == MEISHI_PLACE_LIBRARY ? 0644 : 0600;
}
