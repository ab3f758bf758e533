/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See fuzz-bundle.h.
 */
#include "tests/fuzz/fuzz-bundle.h"

#include "daemon/base/error.h"
#include "daemon/crypto/reader.h"

#include <string.h>

#define NAME_MAX_LEN 255

/* An EC key may be checked, an RSA key is too expensive. */
static const MeishiLimits limits = {
    .iterations = 100, .total_iterations = 5000, .scrypt_memory = 1 << 20};

void
fuzz_crypto_init(void)
{
    static gboolean done;

    if (!done && !meishi_crypto_init(NULL))
        g_error("no crypto");
    done = TRUE;
}

static void
check_name(const char *name)
{
    g_assert(!name || (g_utf8_validate(name, -1, NULL) && strlen(name) <= NAME_MAX_LEN));
}

static void
check_key(const MeishiBundleKey *key)
{
    g_autoptr(MeishiKey) loaded = meishi_key_new(key->pkcs8, FALSE, NULL);
    g_autoptr(GBytes) spki = loaded ? meishi_key_spki(loaded) : NULL;

    g_assert(spki && g_bytes_equal(spki, key->public_key->spki));
    check_name(key->friendly_name);
}

static void
check_bundle(const MeishiBundle *bundle)
{
    for (guint i = 0; i < bundle->keys->len; i++)
        check_key(g_ptr_array_index(bundle->keys, i));
    for (guint i = 0; i < bundle->certs->len; i++) {
        const MeishiBundleCert *cert = g_ptr_array_index(bundle->certs, i);

        g_assert(g_bytes_equal(cert->der, cert->cert->der));
        check_name(cert->friendly_name);
    }
    g_assert(bundle->keys->len || bundle->certs->len);
}

static void
check_error(const GError *error)
{
    g_assert(error->domain == MEISHI_ERROR);
    g_assert(g_utf8_validate(error->message, -1, NULL));
    g_assert(error->code == MEISHI_ERROR_PASSWORD_REQUIRED ||
             error->code == MEISHI_ERROR_WRONG_PASSWORD || error->code == MEISHI_ERROR_BAD_FILE ||
             error->code == MEISHI_ERROR_UNSUPPORTED || error->code == MEISHI_ERROR_TOO_EXPENSIVE ||
             error->code == MEISHI_ERROR_KEY_MISMATCH);
}

void
fuzz_bundle_read(const uint8_t *data, size_t size)
{
    static const char *const texts[] = {"secret", "p\xc3\xa4ss"};
    g_autoptr(GBytes) file = g_bytes_new(data, size);
    g_autoptr(GPtrArray) passwords =
        g_ptr_array_new_with_free_func((GDestroyNotify)meishi_secret_unref);
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiBundle) bundle = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        g_ptr_array_add(passwords, meishi_secret_new_copy(texts[i], strlen(texts[i])));
    bundle = meishi_bundle_read_within(file, "input", passwords, &limits, &error);
    g_assert(!bundle == !!error);
    if (bundle)
        check_bundle(bundle);
    else
        check_error(error);
}
