/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which key can make which signature in which version of TLS.
 */
#include "daemon/policy/sigalg.h"

#include <string.h>

#define TLS_1_2 MEISHI_TLS_1_2
#define TLS_1_3 MEISHI_TLS_1_3

static const struct {
    const char *name;
    MeishiKeyType type;
    guint bits;
    const char *curve;
    guint16 version, code;
    gboolean can;
} rows[] = {
    {"rfc9846/no-pkcs1-in-1.3", MEISHI_KEY_RSA, 2048, NULL, TLS_1_3, 0x0401, FALSE},
    {"rfc5246-7.4.1.4.1/pkcs1-in-1.2", MEISHI_KEY_RSA, 2048, NULL, TLS_1_2, 0x0401, TRUE},
    {"rfc9846/no-rsa-sha1-in-1.3", MEISHI_KEY_RSA, 2048, NULL, TLS_1_3, 0x0201, FALSE},
    {"rfc9846/no-ecdsa-sha1-in-1.3", MEISHI_KEY_EC, 256, "P-256", TLS_1_3, 0x0203, FALSE},
    {"rfc5246-7.4.1.4.1/sha1-in-1.2", MEISHI_KEY_EC, 256, "P-256", TLS_1_2, 0x0203, TRUE},
    {"rfc8446-4.2.3/pss-in-1.3", MEISHI_KEY_RSA, 2048, NULL, TLS_1_3, 0x0804, TRUE},
    {"rfc8446-4.2.3/pss-in-1.2", MEISHI_KEY_RSA, 2048, NULL, TLS_1_2, 0x0804, TRUE},
    {"rfc8446-4.2.3/rsae-not-with-a-pss-key", MEISHI_KEY_RSA_PSS, 2048, NULL, TLS_1_3, 0x0804,
     FALSE},
    {"rfc8446-4.2.3/pss-key", MEISHI_KEY_RSA_PSS, 2048, NULL, TLS_1_3, 0x0809, TRUE},
    {"rfc8446-4.2.3/pss-key-makes-no-pkcs1", MEISHI_KEY_RSA_PSS, 2048, NULL, TLS_1_2, 0x0401,
     FALSE},
    {"rfc8446-4.2.3/curve-bound-in-1.3", MEISHI_KEY_EC, 384, "P-384", TLS_1_3, 0x0403, FALSE},
    {"rfc8446-4.2.3/own-curve-in-1.3", MEISHI_KEY_EC, 384, "P-384", TLS_1_3, 0x0503, TRUE},
    {"rfc5246-7.4.1.4.1/curve-free-in-1.2", MEISHI_KEY_EC, 384, "P-384", TLS_1_2, 0x0403, TRUE},
    {"rfc8734/brainpool-in-1.3", MEISHI_KEY_EC, 256, "brainpoolP256r1", TLS_1_3, 0x081a, TRUE},
    {"rfc8734/brainpool-name-not-in-1.2", MEISHI_KEY_EC, 256, "brainpoolP256r1", TLS_1_2, 0x081a,
     FALSE},
    {"rfc8734/brainpool-not-under-p256-in-1.3", MEISHI_KEY_EC, 256, "brainpoolP256r1", TLS_1_3,
     0x0403, FALSE},
    {"rfc8422/ed25519-in-1.2", MEISHI_KEY_ED25519, 256, "ed25519", TLS_1_2, 0x0807, TRUE},
    {"rfc8446-4.2.3/ed25519-in-1.3", MEISHI_KEY_ED25519, 256, "ed25519", TLS_1_3, 0x0807, TRUE},
    {"rfc8446-4.2.3/ed448", MEISHI_KEY_ED448, 456, "ed448", TLS_1_3, 0x0808, TRUE},
    {"rfc8446-4.2.3/ed25519-is-not-ed448", MEISHI_KEY_ED25519, 256, "ed25519", TLS_1_3, 0x0808,
     FALSE},
    {"rfc8017-9.1.1/1024-too-small-for-pss-sha512", MEISHI_KEY_RSA, 1024, NULL, TLS_1_3, 0x0806,
     FALSE},
    {"rfc8017-9.1.1/1024-enough-for-pss-sha256", MEISHI_KEY_RSA, 1024, NULL, TLS_1_3, 0x0804, TRUE},
    {"rfc8017-9.2/512-too-small-for-pkcs1-sha512", MEISHI_KEY_RSA, 512, NULL, TLS_1_2, 0x0601,
     FALSE},
    {"unknown-version/what-any-does", MEISHI_KEY_RSA, 2048, NULL, 0, 0x0401, TRUE},
    {"unknown-version/ec", MEISHI_KEY_EC, 384, "P-384", 0, 0x0403, TRUE},
    {"unknown-key", MEISHI_KEY_UNKNOWN, 2048, NULL, TLS_1_2, 0x0401, FALSE},
    {"unknown-code", MEISHI_KEY_RSA, 2048, NULL, TLS_1_2, 0x7f7f, FALSE},
};

static void
test_key(gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE(data);
    MeishiPublicKey key = {.type = rows[i].type, .bits = rows[i].bits, .curve = rows[i].curve};
    MeishiSchemes schemes = meishi_sigalg_for_key(&key, rows[i].version);

    g_assert_cmpint((schemes & meishi_sigalg_from_code(rows[i].code)) != 0, ==, rows[i].can);
}

static const struct {
    const char *name, *algorithm;
    guint16 code;
    gboolean permits;
} certificates[] = {
    {"rsa-sha256", "sha256WithRSAEncryption", 0x0401, TRUE},
    {"rsa-sha256-by-pss", "sha256WithRSAEncryption", 0x0804, FALSE},
    {"rsa-sha1", "sha1WithRSAEncryption", 0x0201, TRUE},
    {"rsa-sha1-by-sha256", "sha1WithRSAEncryption", 0x0401, FALSE},
    {"rsa-md5", "md5WithRSAEncryption", 0x0401, FALSE},
    {"ecdsa-sha256", "ecdsa-with-SHA256", 0x0403, TRUE},
    {"ecdsa-sha256-by-brainpool", "ecdsa-with-SHA256", 0x081a, TRUE},
    {"ecdsa-sha384", "ecdsa-with-SHA384", 0x0403, FALSE},
    {"pss", "rsassaPss", 0x0805, TRUE},
    {"ed25519", "ED25519", 0x0807, TRUE},
    {"ed448", "ED448", 0x0807, FALSE},
    {"dsa", "dsa_with_SHA256", 0x0401, FALSE},
    {"nothing", NULL, 0x0401, FALSE},
};

static void
test_certificate(gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE(data);
    MeishiSchemes schemes = meishi_sigalg_for_certificate(certificates[i].algorithm);

    g_assert_cmpint((schemes & meishi_sigalg_from_code(certificates[i].code)) != 0, ==,
                    certificates[i].permits);
}

/* 5246 7.4.6, 8422 5.5. */
static void
test_types(void)
{
    g_assert_true(meishi_sigalg_fits_type(MEISHI_KEY_RSA, 1));
    g_assert_true(meishi_sigalg_fits_type(MEISHI_KEY_RSA_PSS, 1));
    g_assert_false(meishi_sigalg_fits_type(MEISHI_KEY_EC, 1));
    g_assert_true(meishi_sigalg_fits_type(MEISHI_KEY_EC, 64));
    g_assert_true(meishi_sigalg_fits_type(MEISHI_KEY_ED25519, 64));
    g_assert_false(meishi_sigalg_fits_type(MEISHI_KEY_RSA, 64));
    for (guint8 type = 3; type <= 6; type++)
        g_assert_false(meishi_sigalg_fits_type(MEISHI_KEY_RSA, type));
    g_assert_false(meishi_sigalg_fits_type(MEISHI_KEY_EC, 65));
}

static void
test_usable(void)
{
    guint16 codes[] = {0x0503, 0xfafa, 0x0403, 0x0804};
    g_autoptr(GArray) offered = g_array_new(FALSE, FALSE, sizeof(guint16));
    g_autoptr(GArray) usable = NULL;
    MeishiPublicKey key = {.type = MEISHI_KEY_EC, .bits = 256, .curve = "P-256"};

    g_array_append_vals(offered, codes, G_N_ELEMENTS(codes));
    usable = meishi_sigalg_usable(offered, meishi_sigalg_for_key(&key, TLS_1_2));
    g_assert_cmpuint(usable->len, ==, 2);
    g_assert_cmpuint(g_array_index(usable, guint16, 0), ==, 0x0503); /* the server's order */
    g_assert_cmpuint(g_array_index(usable, guint16, 1), ==, 0x0403);
    g_assert_cmpstr(meishi_sigalg_name(0x0403), ==, "ecdsa_secp256r1_sha256");
    g_assert_cmpstr(meishi_sigalg_name(0xfafa), ==, "unknown");
}

/* Where the server did not say what it takes. */
static void
test_codes(void)
{
    MeishiPublicKey key = {.type = MEISHI_KEY_EC, .bits = 256, .curve = "P-256"};
    g_autoptr(GArray) codes = meishi_sigalg_codes(meishi_sigalg_for_key(&key, TLS_1_3));
    g_autoptr(GArray) none = meishi_sigalg_codes(0);
    g_autoptr(GArray) all = meishi_sigalg_codes(MEISHI_SCHEMES_ALL);

    g_assert_cmpuint(codes->len, ==, 1);
    g_assert_cmpuint(g_array_index(codes, guint16, 0), ==, 0x0403);
    g_assert_cmpuint(none->len, ==, 0);
    for (guint i = 0; i < all->len; i++)
        g_assert_cmpuint(meishi_sigalg_from_code(g_array_index(all, guint16, i)), ==, 1u << i);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *path = g_strconcat("/policy/sigalg/key/", rows[i].name, NULL);

        g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_key);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(certificates); i++) {
        g_autofree char *path =
            g_strconcat("/policy/sigalg/certificate/", certificates[i].name, NULL);

        g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_certificate);
    }
    g_test_add_func("/policy/sigalg/rfc5246-7.4.6/types", test_types);
    g_test_add_func("/policy/sigalg/usable", test_usable);
    g_test_add_func("/policy/sigalg/codes", test_codes);
    return g_test_run();
}
