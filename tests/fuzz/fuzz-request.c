/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The dictionaries of SelectIdentity, from any program on the bus: as they came, which need not be
 * the normal form of GVariant, and in normal form, as GDBus delivers them.  What is taken is within
 * bounds; what is refused says why in words that can be sent back.
 */
#include "daemon/base/error.h"
#include "daemon/bus/selection-request.h"
#include "daemon/crypto/crypto.h"

#include <stdint.h>
#include <stdlib.h>

#define TYPE G_VARIANT_TYPE("(a{sv}a{sv})")

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
parse(GVariant *both, gboolean is_dry)
{
    g_autoptr(GVariant) target =
        g_variant_ref_sink(g_variant_new("(ssq)", "https", "a.example", 1));
    g_autoptr(GVariant) constraints = g_variant_get_child_value(both, 0);
    g_autoptr(GVariant) options = g_variant_get_child_value(both, 1);
    const MeishiSelectionArguments arguments = {target, constraints, options};
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiSelectCall) call = meishi_selection_request_parse(&arguments, is_dry, &error);

    if (call != NULL ? !meishi_request_check(call->request, NULL)
                     : error == NULL || error->domain != MEISHI_ERROR ||
                           !g_utf8_validate(error->message, -1, NULL))
        abort();
    if (call != NULL && !is_dry && call->request->application != NULL)
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static gsize is_ready;
    g_autoptr(GBytes) bytes = g_bytes_new(data, size);
    g_autoptr(GVariant) foreign = g_variant_ref_sink(g_variant_new_from_bytes(TYPE, bytes, FALSE));
    g_autoptr(GVariant) normal = g_variant_get_normal_form(foreign);

    if (g_once_init_enter(&is_ready)) {
        if (!meishi_crypto_init(NULL))
            abort();
        g_once_init_leave(&is_ready, 1);
    }
    parse(foreign, FALSE);
    parse(normal, TRUE);
    return 0;
}
