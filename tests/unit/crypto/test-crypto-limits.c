/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Counts are weighed before anything is derived.  The limits here are small; that the real ones
 * refuse the hostile files of the corpus is test-crypto-corpus.c's.
 */
#include "tests/unit/crypto/fixture.h"

#include "daemon/base/error.h"
#include "daemon/crypto/bundle-limits.h"
#include "daemon/crypto/reader.h"

static const MeishiLimits small = {
    .iterations = 1000, .total_iterations = 2500, .scrypt_memory = 1 << 20};

static void
assert_count(const char *hex, gboolean ok, guint64 value, MeishiErrorCode code)
{
    const MeishiBudget budget = {&small, 0};
    g_autoptr(GBytes) der = hex ? fixture_hex(hex) : NULL;
    const unsigned char *p = der ? g_bytes_get_data(der, NULL) : NULL;
    g_autoptr(ASN1_INTEGER) number =
        der ? d2i_ASN1_INTEGER(NULL, &p, (long)g_bytes_get_size(der)) : NULL;
    g_autoptr(GError) error = NULL;
    guint64 count = 0;

    g_assert_cmpint(meishi_bundle_limits_count(&budget, number, &count, &error), ==, ok);
    if (ok)
        g_assert_cmpuint(count, ==, value);
    else
        g_assert_error(error, MEISHI_ERROR, (int)code);
}

static void
test_counts(void)
{
    assert_count(NULL, TRUE, 1, 0);
    assert_count("020101", TRUE, 1, 0);
    assert_count("020203e8", TRUE, 1000, 0);
    assert_count("020203e9", FALSE, 0, MEISHI_ERROR_TOO_EXPENSIVE);
    assert_count("02047fffffff", FALSE, 0, MEISHI_ERROR_TOO_EXPENSIVE);
    assert_count("0209010000000000000000", FALSE, 0, MEISHI_ERROR_TOO_EXPENSIVE);
    assert_count("020100", FALSE, 0, MEISHI_ERROR_BAD_FILE);
    assert_count("0201ff", FALSE, 0, MEISHI_ERROR_BAD_FILE);
    assert_count("02088000000000000000", FALSE, 0, MEISHI_ERROR_BAD_FILE);
}

static void
test_budget(void)
{
    MeishiBudget budget = {&small, 0};
    g_autoptr(GError) error = NULL;

    g_assert_true(meishi_bundle_limits_spend(&budget, 1000, &error));
    g_assert_true(meishi_bundle_limits_spend(&budget, 1500, &error));
    g_assert_true(meishi_bundle_limits_spend(&budget, 0, &error));
    g_assert_false(meishi_bundle_limits_spend(&budget, 1, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_TOO_EXPENSIVE);
    g_clear_error(&error);
    g_assert_false(meishi_bundle_limits_spend(&budget, G_MAXUINT64, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_TOO_EXPENSIVE);
}

/* AlgorithmIdentifiers: PKCS#12's own, incomplete ones, and one that is none of ours. */
static void
test_costs(void)
{
    static const struct {
        const char *hex;
        int code; /* -1: fits */
        guint64 cost;
    } cases[] = {
        /* pbeWithSHA1And3-KeyTripleDES-CBC, 8 bytes of salt, 500 and 2048 iterations */
        {"301c060a2a864886f70d010c0103300e04080000000000000000020201f4", -1, 500},
        {"301c060a2a864886f70d010c0103300e0408000000000000000002020800", MEISHI_ERROR_TOO_EXPENSIVE,
         0},
        /* without parameters */
        {"300c060a2a864886f70d010c0103", MEISHI_ERROR_BAD_FILE, 0},
        {"300b06092a864886f70d01050d", MEISHI_ERROR_BAD_FILE, 0},
        /* AES-256-CBC is no password encryption */
        {"300b060960864801650304012a", MEISHI_ERROR_UNSUPPORTED, 0},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const MeishiBudget budget = {&small, 0};
        g_autoptr(GBytes) der = fixture_hex(cases[i].hex);
        const unsigned char *p = g_bytes_get_data(der, NULL);
        X509_ALGOR *algorithm = d2i_X509_ALGOR(NULL, &p, (long)g_bytes_get_size(der));
        g_autoptr(GError) error = NULL;
        guint64 cost = 0;

        g_assert_nonnull(algorithm);
        if (meishi_bundle_limits_cost(&budget, algorithm, &cost, &error))
            g_assert_cmpuint(cost, ==, cases[i].cost);
        g_assert_cmpint(error ? error->code : -1, ==, cases[i].code);
        X509_ALGOR_free(algorithm);
    }
}

static MeishiBundle *
read_within(const char *path, const MeishiLimits *limits, GError **error)
{
    g_autoptr(GBytes) file = fixture_read(path);
    g_autoptr(GPtrArray) passwords =
        g_ptr_array_new_with_free_func((GDestroyNotify)meishi_secret_unref);

    g_ptr_array_add(passwords, fixture_secret("wrong"));
    g_ptr_array_add(passwords, fixture_secret("secret"));
    return meishi_bundle_read_within(file, path, passwords, limits, error);
}

/* What many passwords cost together is bounded as well. */
static void
test_total(void)
{
    const MeishiLimits enough = {5000, 1000000, 1 << 28}, scarce = {5000, 4000, 1 << 28};
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiBundle) good = read_within("pkcs12/ok-ec-p256.p12", &enough, &error);

    g_assert_no_error(error);
    g_assert_null(read_within("pkcs12/ok-ec-p256.p12", &scarce, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_TOO_EXPENSIVE);
}

static void
test_scrypt(void)
{
    const MeishiLimits enough = {1 << 20, 1 << 24, 64 << 20}, scarce = {1 << 20, 1 << 24, 63 << 20};
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiBundle) good = read_within("pem/encrypted-scrypt-64MiB.der", &enough, &error);

    g_assert_no_error(error);
    g_assert_null(read_within("pem/encrypted-scrypt-64MiB.der", &scarce, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_TOO_EXPENSIVE);
}

static void
test_key_cost(void)
{
    g_assert_cmpuint(meishi_bundle_limits_key_cost(TRUE, 1024), ==, 12500);
    g_assert_cmpuint(meishi_bundle_limits_key_cost(TRUE, 4096), ==, 800000);
    g_assert_cmpuint(meishi_bundle_limits_key_cost(TRUE, 16384), ==, 3000000);
    g_assert_cmpuint(meishi_bundle_limits_key_cost(FALSE, 521), ==, 1000);
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;

    g_test_init(&argc, &argv, NULL);
    g_assert_true(meishi_crypto_init(&error));
    g_test_add_func("/crypto/limits/counts", test_counts);
    g_test_add_func("/crypto/limits/budget", test_budget);
    g_test_add_func("/crypto/limits/costs", test_costs);
    g_test_add_func("/crypto/limits/total", test_total);
    g_test_add_func("/crypto/limits/scrypt", test_scrypt);
    g_test_add_func("/crypto/limits/key-cost", test_key_cost);
    return g_test_run();
}
