/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Words and order of MeishiPinKeep.
 */
#include "daemon/policy/pin-keep.h"

#include "daemon/base/error.h"
#include "daemon/policy/host.h"

#include <string.h>

static const char *const names[] = {
    [MEISHI_PIN_KEYRING] = "keyring",
    [MEISHI_PIN_REMOVAL] = "removal",
    [MEISHI_PIN_MINUTES] = "minutes",
    [MEISHI_PIN_NEVER] = "never",
};

const char *
meishi_pin_keep_kind_name(MeishiPinKeepKind kind)
{
    return names[kind];
}

static gboolean
parse_minutes(const char *text, guint *ret_minutes)
{
    gsize digits = strspn(text, "0123456789");
    g_autofree char *number = g_strndup(text, digits);
    gboolean has_unit = strcmp(text + digits, "m") == 0 || strcmp(text + digits, "min") == 0;

    return has_unit && meishi_host_number_parse(number, MEISHI_PIN_MAX_MINUTES, ret_minutes) &&
           *ret_minutes > 0;
}

gboolean
meishi_pin_keep_parse(const char *text, MeishiPinKeep *ret_keep, GError **error)
{
    guint minutes;

    for (MeishiPinKeepKind kind = 0; kind < G_N_ELEMENTS(names); kind++) {
        if (kind == MEISHI_PIN_MINUTES || strcmp(names[kind], text) != 0)
            continue;
        *ret_keep = (MeishiPinKeep){.kind = kind};
        return TRUE;
    }
    if (parse_minutes(text, &minutes)) {
        *ret_keep = (MeishiPinKeep){MEISHI_PIN_MINUTES, minutes};
        return TRUE;
    }
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT,
                "“%s” is none of never, removal, keyring and 1m to %um, as in 10m", text,
                MEISHI_PIN_MAX_MINUTES);
    return FALSE;
}

char *
meishi_pin_keep_format(const MeishiPinKeep *keep)
{
    if (keep->kind == MEISHI_PIN_MINUTES)
        return g_strdup_printf("%um", keep->minutes);
    return g_strdup(names[keep->kind]);
}

gboolean
meishi_pin_keep_exceeds(const MeishiPinKeep *keep, const MeishiPinKeep *limit)
{
    if (keep->kind != limit->kind)
        return keep->kind < limit->kind;
    return keep->kind == MEISHI_PIN_MINUTES && keep->minutes > limit->minutes;
}

void
meishi_pin_keep_tighten(MeishiPinKeep *keep, const MeishiPinKeep *limit)
{
    if (meishi_pin_keep_exceeds(keep, limit))
        *keep = *limit;
}
