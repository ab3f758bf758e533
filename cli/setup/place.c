/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The value that stands for a place, and its names in JSON, which scripts read: they stay.
 */
#include "cli/setup/place.h"

MeishiPlace *
meishi_place_new(MeishiPlaceKind kind, const char *program, const char *title)
{
    MeishiPlace *place = g_new0(MeishiPlace, 1);

    place->kind = kind;
    place->state = MEISHI_PLACE_READY;
    place->program = g_strdup(program);
    place->title = g_strdup(title);
    place->is_default = TRUE;
    return place;
}

void
meishi_place_free(MeishiPlace *place)
{
    if (place == NULL)
        return;
    g_free(place->program);
    g_free(place->title);
    g_free(place->path);
    g_free(place->sandbox);
    g_free(place->within);
    g_free(place->module);
    g_free(place->wanted);
    g_free(place->detail);
    g_free(place->hint);
    g_free(place->in_use_by);
    g_clear_pointer(&place->whole, g_bytes_unref);
    g_free(place);
}

const char *
meishi_place_state_name(MeishiPlaceState state)
{
    static const char *const names[] = {
        [MEISHI_PLACE_READY] = "ready",
        [MEISHI_PLACE_MISSING] = "missing",
        [MEISHI_PLACE_STALE] = "stale",
        [MEISHI_PLACE_DISABLED] = "disabled",
        [MEISHI_PLACE_UNREACHABLE] = "unreachable",
        [MEISHI_PLACE_BROKEN] = "broken",
        [MEISHI_PLACE_ADVICE] = "advice",
    };

    return names[state];
}

static const char *const kind_names[] = {
    [MEISHI_PLACE_P11_KIT] = "p11-kit", [MEISHI_PLACE_NSS] = "nss",
    [MEISHI_PLACE_LIBRARY] = "library", [MEISHI_PLACE_JAVA] = "java",
    [MEISHI_PLACE_SSH] = "ssh",         [MEISHI_PLACE_POLICIES] = "policies",
    [MEISHI_PLACE_UNITS] = "units",     [MEISHI_PLACE_NOTHING] = "nothing",
};

const char *
meishi_place_kind_name(MeishiPlaceKind kind)
{
    return kind_names[kind];
}

gboolean
meishi_place_kind_parse(const char *name, MeishiPlaceKind *ret_kind)
{
    for (gsize i = 0; i < G_N_ELEMENTS(kind_names); i++) {
        if (g_strcmp0(kind_names[i], name) == 0) {
            *ret_kind = (MeishiPlaceKind)i;
            return TRUE;
        }
    }
    return FALSE;
}

gboolean
meishi_place_is_to_do(const MeishiPlace *place)
{
    return place->state == MEISHI_PLACE_MISSING || place->state == MEISHI_PLACE_STALE;
}
