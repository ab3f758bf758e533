/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Members of dictionaries with a default; see dict.h.
 */
#include "daemon/asking/dict.h"

const char *
meishi_dict_text(GVariant *dict, const char *name)
{
    const char *text;

    return g_variant_lookup(dict, name, "&s", &text) ? text : "";
}

gint64
meishi_dict_number(GVariant *dict, const char *name)
{
    gint64 number = 0;
    guint32 count = 0;

    if (!g_variant_lookup(dict, name, "x", &number) && g_variant_lookup(dict, name, "u", &count))
        number = count;
    return number;
}

gboolean
meishi_dict_flag(GVariant *dict, const char *name)
{
    gboolean flag = FALSE;

    g_variant_lookup(dict, name, "b", &flag);
    return flag;
}
