/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reads tests/fixtures/; see fixture.h.
 */
#include "tests/unit/crypto/fixture.h"

#include <string.h>

GBytes *
fixture_read(const char *path)
{
    g_autofree char *full = g_build_filename(MEISHI_FIXTURES, path, NULL);
    g_autoptr(GError) error = NULL;
    char *data;
    gsize len;

    if (!g_file_get_contents(full, &data, &len, &error))
        g_error("%s", error->message);
    return g_bytes_new_take(data, len);
}

MeishiSecret *
fixture_secret(const char *text)
{
    return meishi_secret_new_copy(text, strlen(text));
}

MeishiBundle *
fixture_bundle(const char *path, const char *password, GError **error)
{
    g_autoptr(GBytes) file = fixture_read(path);
    g_autoptr(GPtrArray) passwords =
        g_ptr_array_new_with_free_func((GDestroyNotify)meishi_secret_unref);

    if (password)
        g_ptr_array_add(passwords, fixture_secret(password));
    return meishi_bundle_read(file, path, passwords, error);
}

MeishiSecret *
fixture_pkcs8(const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiBundle) bundle = fixture_bundle(path, NULL, &error);

    g_assert_no_error(error);
    g_assert_cmpuint(bundle->keys->len, ==, 1);
    return meishi_secret_ref(((MeishiBundleKey *)g_ptr_array_index(bundle->keys, 0))->pkcs8);
}

MeishiKey *
fixture_key(const char *path)
{
    g_autoptr(MeishiSecret) pkcs8 = fixture_pkcs8(path);
    g_autoptr(GError) error = NULL;
    MeishiKey *key = meishi_key_new(pkcs8, FALSE, &error);

    g_assert_no_error(error);
    return key;
}

MeishiCert *
fixture_cert(const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiBundle) bundle = fixture_bundle(path, NULL, &error);

    g_assert_no_error(error);
    return meishi_cert_ref(((MeishiBundleCert *)g_ptr_array_index(bundle->certs, 0))->cert);
}

GBytes *
fixture_hex(const char *hex)
{
    GByteArray *bytes = g_byte_array_new();

    for (; *hex; hex++) {
        guint8 byte;

        if (g_ascii_isspace(*hex))
            continue;
        byte = (guint8)(g_ascii_xdigit_value(hex[0]) << 4 | g_ascii_xdigit_value(hex[1]));
        g_byte_array_append(bytes, &byte, 1);
        hex++;
    }
    return g_byte_array_free_to_bytes(bytes);
}
