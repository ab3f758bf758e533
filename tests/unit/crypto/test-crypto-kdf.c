/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The key derivations against the vectors of their RFCs, and the bounds on scrypt's cost.
 */
#include "tests/unit/crypto/fixture.h"

#include "daemon/base/error.h"

static void
assert_secret(MeishiSecret *secret, const char *hex)
{
    g_autoptr(GBytes) expected = fixture_hex(hex);

    g_assert_cmpmem(meishi_secret_data(secret), meishi_secret_len(secret),
                    g_bytes_get_data(expected, NULL), g_bytes_get_size(expected));
}

/* RFC 7914 section 12; its first vector (N 16) is below what we allow. */
static void
test_scrypt(void)
{
    g_autoptr(MeishiSecret) password = fixture_secret("password");
    g_autoptr(MeishiSecret) pleaseletmein = fixture_secret("pleaseletmein");
    g_autoptr(GBytes) nacl = g_bytes_new_static("NaCl", 4);
    g_autoptr(GBytes) chloride = g_bytes_new_static("SodiumChloride", 14);
    const MeishiScrypt second = {10, 8, 16}, third = {14, 8, 1};
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiSecret) a = meishi_kdf_scrypt(password, nacl, &second, 64, &error);
    g_autoptr(MeishiSecret) b = meishi_kdf_scrypt(pleaseletmein, chloride, &third, 64, &error);

    g_assert_no_error(error);
    assert_secret(a, "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
                     "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640");
    assert_secret(b, "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
                     "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887");
}

static void
test_scrypt_bounds(void)
{
    const MeishiScrypt costs[] = {{9, 8, 1},   {25, 8, 1}, {14, 0, 1}, {14, 33, 1}, {14, 8, 0},
                                  {14, 8, 17}, {21, 8, 1}, {64, 8, 1}, {0, 0, 0},   {24, 32, 16}};
    g_autoptr(MeishiSecret) password = fixture_secret("x");

    for (gsize i = 0; i < G_N_ELEMENTS(costs); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(meishi_kdf_scrypt(password, NULL, &costs[i], 32, &error));
        g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_PARAM);
    }
}

static void
test_calibrate(void)
{
    MeishiScrypt low, high;

    meishi_kdf_scrypt_calibrate(0, &low);
    g_assert_cmpuint(low.log2n, ==, 14);
    meishi_kdf_scrypt_calibrate(200, &high);
    g_assert_cmpuint(high.log2n, >=, low.log2n);
    g_assert_cmpuint(high.log2n, <=, 20);
    g_assert_cmpuint(high.r, ==, 8);
    g_assert_cmpuint(high.p, ==, 1);
}

/* RFC 5869 appendix A, cases 1 and 3 (no salt, no info). */
static void
test_hkdf(void)
{
    g_autoptr(GBytes) ikm = fixture_hex("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b");
    g_autoptr(MeishiSecret) input =
        meishi_secret_new_copy(g_bytes_get_data(ikm, NULL), g_bytes_get_size(ikm));
    g_autoptr(GBytes) salt = fixture_hex("000102030405060708090a0b0c");
    g_autoptr(MeishiSecret) one =
        meishi_kdf_hkdf(input, salt, "\xf0\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9", 42);
    g_autoptr(MeishiSecret) three = meishi_kdf_hkdf(input, NULL, "", 42);

    assert_secret(one, "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
                       "34007208d5b887185865");
    assert_secret(three, "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
                         "9d201395faa4b61a96c8");
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;

    g_test_init(&argc, &argv, NULL);
    g_assert_true(meishi_crypto_init(&error));
    g_test_add_func("/crypto/kdf/scrypt-rfc7914", test_scrypt);
    g_test_add_func("/crypto/kdf/scrypt-bounds", test_scrypt_bounds);
    g_test_add_func("/crypto/kdf/scrypt-calibrate", test_calibrate);
    g_test_add_func("/crypto/kdf/hkdf-rfc5869", test_hkdf);
    return g_test_run();
}
