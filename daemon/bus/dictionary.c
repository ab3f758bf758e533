/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Dictionaries by table; see dictionary.h.  A value's type is compared before it is looked into,
 * and a key that stands twice is refused, because two readers could take different ones.
 */
#include "daemon/bus/dictionary.h"

#include "daemon/base/error.h"

#define MAX_KNOWN 64 /* keys in a table: the bits that tell which were seen */

const MeishiEntry *
meishi_dictionary_find(const MeishiEntry *known, const char *name)
{
    for (; known->name != NULL; known++) {
        if (g_str_equal(known->name, name))
            return known;
    }
    return NULL;
}

static gboolean
take_once(const MeishiEntry *entry, GVariant *value, guint64 *seen, guint64 bit, gpointer data,
          GError **error)
{
    if ((*seen & bit) != 0) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT, "“%s” is given twice",
                    entry->name);
        return FALSE;
    }
    *seen |= bit;
    if (g_variant_is_of_type(value, G_VARIANT_TYPE(entry->type)) && entry->take(data, value))
        return TRUE;
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT,
                "“%s” has to be %s (D-Bus type %s)", entry->name, entry->wanted, entry->type);
    return FALSE;
}

gboolean
meishi_dictionary_read(GVariant *dictionary, const MeishiEntry *known, gpointer data,
                       GError **error)
{
    guint64 seen = 0;
    GVariantIter iter;
    const char *name;
    GVariant *value;

    g_variant_iter_init(&iter, dictionary);
    while (g_variant_iter_next(&iter, "{&sv}", &name, &value)) {
        g_autoptr(GVariant) owned = value;
        const MeishiEntry *entry = meishi_dictionary_find(known, name);
        guint64 bit;

        if (entry == NULL)
            continue;
        g_return_val_if_fail(entry - known < MAX_KNOWN, FALSE);
        bit = G_GUINT64_CONSTANT(1) << (entry - known);
        if (!take_once(entry, owned, &seen, bit, data, error))
            return FALSE;
    }
    return TRUE;
}
