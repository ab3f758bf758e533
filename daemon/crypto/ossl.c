/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * OpenSSL's error queue and buffers, in GLib's terms.  The queue is per thread and outlives the
 * call that filled it, so whoever reports an error empties it.
 */
#include "daemon/crypto/ossl.h"

void
meishi_ossl_set_error(GError **error, MeishiErrorCode code, const char *what)
{
    const char *reason = ERR_reason_error_string(ERR_peek_error());

    if (reason)
        g_set_error(error, MEISHI_ERROR, code, "%s (OpenSSL: %s)", what, reason);
    else
        g_set_error_literal(error, MEISHI_ERROR, code, what);
    ERR_clear_error();
}

static void
free_der(gpointer der)
{
    OPENSSL_free(der);
}

GBytes *
meishi_ossl_take_der(unsigned char *der, int len)
{
    if (len <= 0 || !der)
        return NULL;
    return g_bytes_new_with_free_func(der, (gsize)len, free_der, der);
}

GBytes *
meishi_ossl_copy_string(const ASN1_STRING *string)
{
    if (!string)
        return NULL;
    return g_bytes_new(ASN1_STRING_get0_data(string), (gsize)ASN1_STRING_length(string));
}
