/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The buffer of module/wire grows by copying; here it lies in locked memory that is large enough
 * from the start, so that a private key is nowhere else.
 */
#include "daemon/token/template.h"

#include "daemon/base/error.h"

#include <string.h>

void
meishi_template_add(MeishiHostObject *object, guint64 type, struct meishi_bytes value)
{
    g_return_if_fail(object->n < MEISHI_HOST_MAX_ATTRIBUTES);
    object->attributes[object->n++] = (MeishiHostAttribute){type, value};
}

void
meishi_template_add_bytes(MeishiHostObject *object, guint64 type, GBytes *value)
{
    gsize len;
    const guint8 *data = g_bytes_get_data(value, &len);

    meishi_template_add(object, type, (struct meishi_bytes){data, len});
}

void
meishi_template_add_text(MeishiHostObject *object, guint64 type, const char *value)
{
    meishi_template_add(object, type, (struct meishi_bytes){(const guint8 *)value, strlen(value)});
}

void
meishi_template_add_flag(MeishiHostObject *object, guint64 type, gboolean value)
{
    static const guint8 flags[] = {0, 1}; /* CK_FALSE, CK_TRUE */

    meishi_template_add(object, type, (struct meishi_bytes){&flags[value ? 1 : 0], 1});
}

void
meishi_template_add_number(MeishiHostObject *object, guint64 type, const gulong *value)
{
    meishi_template_add(object, type, (struct meishi_bytes){(const guint8 *)value, sizeof *value});
}

MeishiSecret *
meishi_template_encode(const MeishiHostObject *object, GError **error)
{
    g_autoptr(MeishiSecret) encoded = meishi_secret_new(MEISHI_HOST_MAX_TEMPLATE);
    struct meishi_buf buf = {
        .data = meishi_secret_writable(encoded),
        .cap = MEISHI_HOST_MAX_TEMPLATE,
        .max = MEISHI_HOST_MAX_TEMPLATE,
    };

    meishi_host_object_encode(&buf, object);
    if (buf.failed) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_TOO_EXPENSIVE,
                    "This certificate or key is too large for a token.");
        return NULL;
    }
    meishi_secret_truncate(encoded, buf.len);
    return g_steal_pointer(&encoded);
}
