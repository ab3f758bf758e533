/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reads what Identity.ExportCertificates writes (RFC 7468, strict); see pem.h.  Files that people
 * have are for the daemon to read.
 */
#include "cli/pem.h"

#include "cli/error.h"
#include "daemon/crypto/crypto.h"

#include <string.h>

#define BEGIN "-----BEGIN CERTIFICATE-----"
#define END   "-----END CERTIFICATE-----"

static MeishiCert *
read_block(const char *begin, const char *end, GError **error)
{
    g_autofree char *text = g_strndup(begin, (gsize)(end - begin));
    gsize len;
    guint8 *data = g_base64_decode(text, &len);
    g_autoptr(GBytes) der = g_bytes_new_take(data, len);

    return meishi_x509_parse(der, error);
}

static void
drop_root(GPtrArray *chain, const MeishiCert *last)
{
    if (chain->len > 1 && last->is_self_signed)
        g_ptr_array_set_size(chain, (int)chain->len - 1);
}

GPtrArray *
meishi_pem_to_chain(const char *pem, GError **error)
{
    g_autoptr(GPtrArray) chain = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    g_autoptr(MeishiCert) last = NULL;

    for (const char *begin = strstr(pem, BEGIN); begin != NULL; begin = strstr(begin, BEGIN)) {
        const char *end = strstr(begin, END);

        begin += strlen(BEGIN);
        if (end == NULL)
            break;
        g_clear_pointer(&last, meishi_cert_unref);
        last = read_block(begin, end, error);
        if (last == NULL)
            return NULL;
        g_ptr_array_add(chain, g_bytes_ref(last->der));
    }
    if (last == NULL) {
        g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_FAILED,
                    "This identity is a key without a certificate, so there is nothing to send.");
        return NULL;
    }
    drop_root(chain, last);
    return g_steal_pointer(&chain);
}
