/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Checks option dictionaries once, at the door, so that the handlers can use g_variant_lookup(),
 * which keeps silent about what it does not know.
 */
#include "daemon/bus/options.h"

#include "daemon/base/error.h"

static const char *
find_type(const MeishiOption *known, const char *name)
{
    for (; known->name != NULL; known++) {
        if (g_str_equal(known->name, name))
            return known->type;
    }
    return NULL;
}

gboolean
meishi_options_check(GVariant *options, const MeishiOption *known, GError **error)
{
    g_autoptr(GVariantIter) iter = g_variant_iter_new(options);
    const char *name;
    GVariant *value;

    while (g_variant_iter_next(iter, "{&sv}", &name, &value)) {
        const char *type = find_type(known, name);
        gboolean fits = type != NULL && g_variant_is_of_type(value, G_VARIANT_TYPE(type));

        g_variant_unref(value);
        if (fits)
            continue;
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT,
                    type == NULL ? "There is no option “%s”" : "Option “%s” has the wrong type",
                    name);
        return FALSE;
    }
    return TRUE;
}
