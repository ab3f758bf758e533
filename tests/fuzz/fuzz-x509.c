/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One certificate in DER.  Whatever is accepted has texts that a terminal may show, and a public
 * key that reads back as itself.
 */
#include "tests/fuzz/fuzz-bundle.h"

#include "daemon/base/error.h"
#include "daemon/crypto/crypto.h"
#include "daemon/crypto/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_text(const char *text)
{
    if (!text)
        return;
    g_assert(g_utf8_validate(text, -1, NULL));
    for (const char *p = text; *p; p = g_utf8_next_char(p))
        g_assert(!meishi_text_is_invisible(g_utf8_get_char(p)));
}

static void
check_key(const MeishiPublicKey *key)
{
    g_autoptr(MeishiPublicKey) again = NULL;
    g_autoptr(GError) error = NULL;

    g_assert(key && key->text && key->spki);
    again = meishi_public_key_parse(key->spki, &error);
    g_assert((key->type == MEISHI_KEY_UNKNOWN) == !again);
    if (again)
        g_assert(g_bytes_equal(key->spki, again->spki));
}

static void
check_cert(const MeishiCert *cert)
{
    check_text(cert->subject_text);
    check_text(cert->issuer_text);
    check_text(cert->subject_cn);
    check_text(cert->issuer_cn);
    for (char **san = cert->sans; san && *san; san++)
        check_text(*san);
    g_assert(cert->serial && cert->subject && cert->issuer && cert->signature_algorithm);
    check_key(cert->key);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GBytes) der = g_bytes_new(data, size);
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiCert) cert = NULL;

    fuzz_crypto_init();
    cert = meishi_x509_parse(der, &error);
    if (cert)
        check_cert(cert);
    else
        g_assert(error->domain == MEISHI_ERROR && error->code == MEISHI_ERROR_BAD_FILE);
    return 0;
}
