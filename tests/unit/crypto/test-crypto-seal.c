/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A seal opens with its key and its associated data, and with nothing else.
 */
#include "tests/unit/crypto/fixture.h"

#include "daemon/base/error.h"

#include <string.h>

static const guint8 aad[] = "key 7 of vault 3";

static MeishiSecret *
new_key(guint8 fill)
{
    MeishiSecret *key = meishi_secret_new(MEISHI_VAULT_KEY_LEN);

    memset(meishi_secret_writable(key), fill, MEISHI_VAULT_KEY_LEN);
    return key;
}

static void
test_round_trip(void)
{
    const gsize lengths[] = {0, 1, 15, 16, 17, 1217, 100000};
    g_autoptr(MeishiSecret) key = new_key(1);

    for (gsize i = 0; i < G_N_ELEMENTS(lengths); i++) {
        g_autoptr(MeishiSecret) plain = meishi_secret_new(lengths[i]);
        g_autoptr(MeishiSecret) opened = NULL;
        g_autoptr(GBytes) sealed = NULL;
        g_autoptr(GError) error = NULL;

        meishi_crypto_random(meishi_secret_writable(plain), lengths[i]);
        sealed = meishi_seal(key, aad, sizeof aad, plain);
        g_assert_cmpuint(g_bytes_get_size(sealed), ==, lengths[i] + 29);
        opened = meishi_unseal(key, aad, sizeof aad, sealed, &error);
        g_assert_no_error(error);
        g_assert_true(meishi_secret_equal(opened, plain));
    }
}

static void
test_nonces_differ(void)
{
    g_autoptr(MeishiSecret) key = new_key(1);
    g_autoptr(MeishiSecret) text = fixture_secret("the same");
    g_autoptr(GBytes) one = meishi_seal(key, NULL, 0, text);
    g_autoptr(GBytes) two = meishi_seal(key, NULL, 0, text);

    g_assert_false(g_bytes_equal(one, two));
}

static void
assert_refused(MeishiSecret *key, const guint8 *data, gsize data_len, const guint8 *bytes,
               gsize len)
{
    g_autoptr(GBytes) sealed = g_bytes_new(bytes, len);
    g_autoptr(GError) error = NULL;

    g_assert_null(meishi_unseal(key, data, data_len, sealed, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_WRONG_SECRET);
}

static void
test_changes(void)
{
    g_autoptr(MeishiSecret) key = new_key(1), other = NULL;
    g_autoptr(MeishiSecret) plain = fixture_secret("secret");
    g_autoptr(GBytes) sealed = meishi_seal(key, aad, sizeof aad, plain);
    gsize len = g_bytes_get_size(sealed);
    g_autofree guint8 *copy = g_memdup2(g_bytes_get_data(sealed, NULL), len);

    other = new_key(2);
    assert_refused(other, aad, sizeof aad, copy, len);
    assert_refused(key, aad, sizeof aad - 1, copy, len);
    assert_refused(key, NULL, 0, copy, len);
    for (gsize i = 0; i < len; i++)
        assert_refused(key, aad, sizeof aad, copy, i);
    for (gsize bit = 0; bit < 8 * len; bit++) {
        copy[bit / 8] ^= (guint8)(1 << bit % 8);
        assert_refused(key, aad, sizeof aad, copy, len);
        copy[bit / 8] ^= (guint8)(1 << bit % 8);
    }
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;

    g_test_init(&argc, &argv, NULL);
    g_assert_true(meishi_crypto_init(&error));
    g_test_add_func("/crypto/seal/round-trip", test_round_trip);
    g_test_add_func("/crypto/seal/nonces-differ", test_nonces_differ);
    g_test_add_func("/crypto/seal/changes-are-refused", test_changes);
    return g_test_run();
}
