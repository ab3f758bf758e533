/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The DER inside a CertificateRequest.  The first byte says what the rest is read as: 'n' the name
 * of an authority, 'k' and 'e' the value of an oid_filter for keyUsage and extKeyUsage.
 */
#include "tests/fuzz/fuzz-bundle.h"

#include "daemon/base/error.h"
#include "daemon/crypto/crypto.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Readable, printable, and equal to itself. */
static void
check_name(GBytes *der)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiName) name = meishi_x509_parse_name(der, &error);
    g_autoptr(MeishiName) again = NULL;
    g_autofree char *text = NULL;

    if (name == NULL) {
        g_assert(error->domain == MEISHI_ERROR && error->code == MEISHI_ERROR_BAD_FILE);
        return;
    }
    g_assert(name->attrs->len <= MEISHI_NAME_MAX_ATTRIBUTES && name->canonical != NULL);
    text = meishi_name_to_text(name);
    g_assert(g_utf8_validate(text, -1, NULL));
    again = meishi_x509_parse_name(der, NULL);
    g_assert(meishi_name_compare(name, again) == MEISHI_NAME_EQUAL);
}

/* What is not known asks for nothing. */
static void
check_filter(const char *oid, GBytes *values)
{
    MeishiOidFilter *filter = meishi_x509_parse_oid_filter(oid, values);

    g_assert(strcmp(filter->oid, oid) == 0);
    g_assert(filter->known || (filter->key_usage == 0 && filter->ekus == NULL));
    g_assert(filter->key_usage < 1u << 9);
    for (char **eku = filter->ekus; eku != NULL && *eku != NULL; eku++)
        g_assert(strcmp(*eku, "2.5.29.37.0") != 0);
    meishi_oid_filter_free(filter);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GBytes) der = size > 0 ? g_bytes_new(data + 1, size - 1) : NULL;

    fuzz_crypto_init();
    if (der == NULL)
        return 0;
    if (data[0] == 'k')
        check_filter("2.5.29.15", der);
    else if (data[0] == 'e')
        check_filter("2.5.29.37", der);
    else
        check_name(der);
    return 0;
}
