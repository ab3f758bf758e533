/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * daemon/crypto/key-parts.c: the numbers of a private key are those that stand in its PKCS#8, in
 * the order of RFC 8017, A.1.2 and without what DER puts before them.
 */
#include "tests/unit/crypto/fixture.h"

#include "module/wire/cryptoki.h"

#include <string.h>

static void
take_parts(const char *path, MeishiKeyParts *ret)
{
    g_autoptr(MeishiKey) key = fixture_key(path);
    g_autoptr(GError) error = NULL;

    g_assert_true(meishi_key_parts(key, ret, &error));
    g_assert_no_error(error);
}

/* Where @part is in the file, from @from on. */
static gsize
position(MeishiSecret *pkcs8, const MeishiSecret *part, gsize from)
{
    const guint8 *data = meishi_secret_data(pkcs8);
    const guint8 *found = memmem(data + from, meishi_secret_len(pkcs8) - from,
                                 meishi_secret_data(part), meishi_secret_len(part));

    g_assert_nonnull(found);
    return (gsize)(found - data);
}

static void
test_rsa(void)
{
    static const guint64 types[] = {CKA_PRIVATE_EXPONENT, CKA_PRIME_1,    CKA_PRIME_2,
                                    CKA_EXPONENT_1,       CKA_EXPONENT_2, CKA_COEFFICIENT};
    g_autoptr(MeishiSecret) pkcs8 = fixture_pkcs8("pem/pair-rsa.key");
    g_auto(MeishiKeyParts) parts = {0};
    gsize at = 0;

    take_parts("pem/pair-rsa.key", &parts);
    g_assert_cmpuint(parts.n, ==, G_N_ELEMENTS(types));
    for (guint i = 0; i < parts.n; i++) {
        const MeishiSecret *value = parts.part[i].value;

        g_assert_cmpuint(parts.part[i].type, ==, types[i]);
        g_assert_cmpuint(meishi_secret_data(value)[0], !=, 0);
        g_assert_cmpuint(meishi_secret_len(value), >=, i == 0 ? 250 : 120);
        at = position(pkcs8, value, at) + meishi_secret_len(value);
    }
}

static void
test_one_value(void)
{
    static const struct {
        const char *path;
        gsize len;
    } cases[] = {{"pem/pair-ec-P-256.key", 32}, {"pem/pair-ed25519.key", 32}};

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(MeishiSecret) pkcs8 = fixture_pkcs8(cases[i].path);
        g_auto(MeishiKeyParts) parts = {0};

        take_parts(cases[i].path, &parts);
        g_assert_cmpuint(parts.n, ==, 1);
        g_assert_cmpuint(parts.part[0].type, ==, CKA_VALUE);
        g_assert_cmpuint(meishi_secret_len(parts.part[0].value), ==, cases[i].len);
        (void)position(pkcs8, parts.part[0].value, 0);
    }
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;

    g_test_init(&argc, &argv, NULL);
    g_assert_true(meishi_crypto_init(&error));
    g_test_add_func("/crypto/key-parts/rsa", test_rsa);
    g_test_add_func("/crypto/key-parts/one-value", test_one_value);
    return g_test_run();
}
