/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A server's CertificateRequest; the first byte says whether as TLS 1.2 or as 1.3 wrote it.  In
 * TLS 1.2 every byte has its place: what was read is written again and has to be the same.
 */
#include "cli/certificate-request.h"

#include "daemon/policy/sigalg.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
put_number(GByteArray *out, gsize number)
{
    guint8 bytes[2] = {(guint8)(number >> 8), (guint8)number};

    g_byte_array_append(out, bytes, 2);
}

static void
put_bytes(GByteArray *out, GBytes *bytes)
{
    gsize len;
    const guint8 *data = g_bytes_get_data(bytes, &len);

    g_byte_array_append(out, data, (guint)len);
}

static void
put_ca_names(GByteArray *out, GPtrArray *names)
{
    g_autoptr(GByteArray) list = g_byte_array_new();

    for (guint i = 0; i < names->len; i++) {
        put_number(list, g_bytes_get_size(names->pdata[i]));
        put_bytes(list, names->pdata[i]);
    }
    put_number(out, list->len);
    g_byte_array_append(out, list->data, list->len);
}

static void
check_tls12(const MeishiCertificateRequest *request, const uint8_t *data, size_t size)
{
    g_autoptr(GByteArray) out = g_byte_array_new();
    guint8 n_types = (guint8)g_bytes_get_size(request->types);

    g_byte_array_append(out, &n_types, 1);
    put_bytes(out, request->types);
    put_number(out, request->sigalgs->len * 2);
    for (guint i = 0; i < request->sigalgs->len; i++)
        put_number(out, g_array_index(request->sigalgs, guint16, i));
    put_ca_names(out, request->ca_names);
    if (out->len != size || memcmp(out->data, data, size) != 0)
        abort();
}

static void
check_tls13(const MeishiCertificateRequest *request)
{
    if (request->sigalgs == NULL || request->types != NULL)
        abort();
    for (guint i = 0; i < request->oid_filters->len; i++) {
        const MeishiAskedFilter *filter = request->oid_filters->pdata[i];

        if (!g_ascii_isdigit(filter->oid[0]) && filter->oid[0] != '#')
            abort();
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GBytes) body = size > 0 ? g_bytes_new(data + 1, size - 1) : NULL;
    guint16 version = size > 0 && data[0] % 2 == 1 ? MEISHI_TLS_1_3 : MEISHI_TLS_1_2;
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiCertificateRequest) request =
        body != NULL ? meishi_certificate_request_parse(body, version, &error) : NULL;

    if (body == NULL)
        return 0;
    if ((request == NULL) != (error != NULL))
        abort();
    if (request != NULL && version == MEISHI_TLS_1_2)
        check_tls12(request, data + 1, size - 1);
    else if (request != NULL)
        check_tls13(request);
    return 0;
}
