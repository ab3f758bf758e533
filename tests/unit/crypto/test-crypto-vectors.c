/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The mechanisms against answers from elsewhere: the openssl program (tests/fixtures/vectors) and
 * RFC 8032.
 */
#include "tests/unit/crypto/fixture.h"

#include "module/wire/cryptoki.h"

#include <string.h>

static GBytes *message;

typedef struct {
    const char *key;
    const char *vector;
    MeishiMechanism mechanism;
    gboolean deterministic;
} Case;

#define PSS(type, hash, mgf, len)              \
    {                                          \
        type, 3, {hash, mgf, len, 0}, {{0}}, 0 \
    }

static const Case signatures[] = {
    {"rsa", "rsa-pkcs1-sha1", {.type = CKM_SHA1_RSA_PKCS}, TRUE},
    {"rsa", "rsa-pkcs1-sha224", {.type = CKM_SHA224_RSA_PKCS}, TRUE},
    {"rsa", "rsa-pkcs1-sha256", {.type = CKM_SHA256_RSA_PKCS}, TRUE},
    {"rsa", "rsa-pkcs1-sha384", {.type = CKM_SHA384_RSA_PKCS}, TRUE},
    {"rsa", "rsa-pkcs1-sha512", {.type = CKM_SHA512_RSA_PKCS}, TRUE},
    {"rsa", "rsa-pkcs1-bare", {.type = CKM_RSA_PKCS}, TRUE},
    {"rsa", "rsa-raw", {.type = CKM_RSA_X_509}, TRUE},
    {"rsa", "rsa-pss-sha1", PSS(CKM_SHA1_RSA_PKCS_PSS, CKM_SHA_1, CKG_MGF1_SHA1, 20), FALSE},
    {"rsa", "rsa-pss-sha224", PSS(CKM_SHA224_RSA_PKCS_PSS, CKM_SHA224, CKG_MGF1_SHA224, 28), FALSE},
    {"rsa", "rsa-pss-sha256", PSS(CKM_SHA256_RSA_PKCS_PSS, CKM_SHA256, CKG_MGF1_SHA256, 32), FALSE},
    {"rsa", "rsa-pss-sha384", PSS(CKM_SHA384_RSA_PKCS_PSS, CKM_SHA384, CKG_MGF1_SHA384, 48), FALSE},
    {"rsa", "rsa-pss-sha512", PSS(CKM_SHA512_RSA_PKCS_PSS, CKM_SHA512, CKG_MGF1_SHA512, 64), FALSE},
    {"rsapss", "rsapss-sha256", PSS(CKM_SHA256_RSA_PKCS_PSS, CKM_SHA256, CKG_MGF1_SHA256, 32),
     FALSE},
    {"ec-P-256", "ec-P-256-sha256", {.type = CKM_ECDSA_SHA256}, FALSE},
    {"ec-P-256", "ec-P-256-sha512", {.type = CKM_ECDSA_SHA512}, FALSE},
    {"ec-P-521", "ec-P-521-sha512", {.type = CKM_ECDSA_SHA512}, FALSE},
    {"ed25519", "ed25519", {.type = CKM_EDDSA}, TRUE},
};

static void
test_signature(gconstpointer data)
{
    const Case *test = data;
    g_autofree char *key_path = g_strdup_printf("vectors/%s.key", test->key);
    g_autofree char *path = g_strdup_printf("vectors/%s.bin", test->vector);
    g_autoptr(GBytes) expected = fixture_read(path);
    g_autoptr(MeishiKey) key = fixture_key(key_path);
    g_autoptr(GBytes) spki = meishi_key_spki(key);
    gsize len, out_len = 2048;
    const guint8 *text = g_bytes_get_data(message, &len);
    g_autofree guint8 *out = g_malloc(out_len);
    g_autoptr(GError) error = NULL;

    g_assert_true(meishi_public_verify(spki, &test->mechanism, text, len,
                                       g_bytes_get_data(expected, NULL), g_bytes_get_size(expected),
                                       &error));
    g_assert_true(meishi_key_operate(key, MEISHI_OP_SIGN, &test->mechanism, TRUE, text, len, out,
                                     &out_len, &error));
    g_assert_cmpuint(out_len, ==, g_bytes_get_size(expected));
    if (test->deterministic)
        g_assert_cmpmem(out, out_len, g_bytes_get_data(expected, NULL), out_len);
}

static const Case ciphertexts[] = {
    {"rsa", "rsa-encrypted-pkcs1", {.type = CKM_RSA_PKCS}, FALSE},
    {"rsa",
     "rsa-encrypted-oaep-sha1",
     {CKM_RSA_PKCS_OAEP, 3, {CKM_SHA_1, CKG_MGF1_SHA1, 0, 0}, {{0}}, 0},
     FALSE},
    {"rsa",
     "rsa-encrypted-oaep-sha256-label",
     {CKM_RSA_PKCS_OAEP,
      3,
      {CKM_SHA256, CKG_MGF1_SHA512, 1, 0},
      {{(const guint8 *)"meishi", 6}},
      1},
     FALSE},
};

static void
test_decryption(gconstpointer data)
{
    const Case *test = data;
    g_autofree char *path = g_strdup_printf("vectors/%s.bin", test->vector);
    g_autoptr(GBytes) ciphertext = fixture_read(path);
    g_autoptr(MeishiKey) key = fixture_key("vectors/rsa.key");
    guint8 out[256];
    gsize out_len = sizeof out;
    g_autoptr(GError) error = NULL;

    g_assert_true(meishi_key_operate(key, MEISHI_OP_DECRYPT, &test->mechanism, FALSE,
                                     g_bytes_get_data(ciphertext, NULL),
                                     g_bytes_get_size(ciphertext), out, &out_len, &error));
    g_assert_cmpmem(out, out_len, g_bytes_get_data(message, NULL), g_bytes_get_size(message));
}

/* The peer's point bare, and in an OCTET STRING. */
static void
test_agreement(void)
{
    g_autoptr(GBytes) peer = fixture_read("vectors/ecdh-peer.bin");
    g_autoptr(GBytes) secret = fixture_read("vectors/ecdh-secret.bin");
    g_autoptr(MeishiKey) key = fixture_key("vectors/ec-P-256.key");
    guint8 wrapped[67] = {0x04, 65}, out[66];

    memcpy(wrapped + 2, g_bytes_get_data(peer, NULL), 65);
    for (gsize skip = 0; skip <= 2; skip += 2) {
        const MeishiMechanism ecdh = {
            CKM_ECDH1_DERIVE, 1, {CKD_NULL, 0, 0, 0}, {{wrapped + skip, 67 - skip}}, 1};
        gsize len = sizeof out;
        g_autoptr(GError) error = NULL;

        g_assert_true(
            meishi_key_operate(key, MEISHI_OP_DERIVE, &ecdh, FALSE, NULL, 0, out, &len, &error));
        g_assert_cmpmem(out, len, g_bytes_get_data(secret, NULL), g_bytes_get_size(secret));
    }
}

/* RFC 8032 7.1 test 2 and 7.4 "1 octet", as PKCS#8. */
static void
test_rfc8032(void)
{
    static const struct {
        const char *pkcs8;
        guint8 message;
        const char *signature;
    } cases[] = {
        {"302e020100300506032b657004220420"
         "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
         0x72,
         "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
         "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
        {"3047020100300506032b6571043b0439"
         "c4eab05d357007c632f3dbb48489924d552b08fe0c353a0d4a1f00acda2c463a"
         "fbea67c5e8d2877c5e3bc397a659949ef8021e954e0a12274e",
         0x03,
         "26b8f91727bd62897af15e41eb43c377efb9c610d48f2335cb0bd0087810f435"
         "2541b143c4b981b7e18f62de8ccdf633fc1bf037ab7cd779805e0dbcc0aae1cb"
         "cee1afb2e027df36bc04dcecbf154336c19f0af7e0a6472905e799f1953d2a0f"
         "f3348ab21aa4adafd1d234441cf807c03a00"},
    };
    const MeishiMechanism eddsa = {.type = CKM_EDDSA};

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GBytes) der = fixture_hex(cases[i].pkcs8);
        g_autoptr(GBytes) expected = fixture_hex(cases[i].signature);
        g_autoptr(MeishiSecret) pkcs8 =
            meishi_secret_new_copy(g_bytes_get_data(der, NULL), g_bytes_get_size(der));
        g_autoptr(GError) error = NULL;
        g_autoptr(MeishiKey) key = meishi_key_new(pkcs8, TRUE, &error);
        guint8 out[128];
        gsize len = sizeof out;

        g_assert_no_error(error);
        g_assert_true(meishi_key_operate(key, MEISHI_OP_SIGN, &eddsa, FALSE, &cases[i].message, 1,
                                         out, &len, &error));
        g_assert_cmpmem(out, len, g_bytes_get_data(expected, NULL), g_bytes_get_size(expected));
    }
}

/* FIPS 180-4's "abc". */
static void
test_digest(void)
{
    static const struct {
        guint64 type;
        const char *hex;
    } cases[] = {
        {CKM_SHA_1, "a9993e364706816aba3e25717850c26c9cd0d89d"},
        {CKM_SHA224, "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7"},
        {CKM_SHA256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {CKM_SHA384, "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
                     "8086072ba1e7cc2358baeca134c825a7"},
        {CKM_SHA512, "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                     "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const MeishiMechanism mechanism = {.type = cases[i].type};
        g_autoptr(GBytes) expected = fixture_hex(cases[i].hex);
        guint8 out[64];
        gsize len = sizeof out;
        g_autoptr(GError) error = NULL;

        g_assert_true(meishi_public_operate(NULL, MEISHI_OP_DIGEST, &mechanism,
                                            (const guint8 *)"abc", 3, out, &len, &error));
        g_assert_cmpmem(out, len, g_bytes_get_data(expected, NULL), g_bytes_get_size(expected));
    }
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;

    g_test_init(&argc, &argv, NULL);
    g_assert_true(meishi_crypto_init(&error));
    message = fixture_read("vectors/message");
    for (gsize i = 0; i < G_N_ELEMENTS(signatures); i++) {
        g_autofree char *path = g_strdup_printf("/crypto/vectors/%s", signatures[i].vector);

        g_test_add_data_func(path, &signatures[i], test_signature);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(ciphertexts); i++) {
        g_autofree char *path = g_strdup_printf("/crypto/vectors/%s", ciphertexts[i].vector);

        g_test_add_data_func(path, &ciphertexts[i], test_decryption);
    }
    g_test_add_func("/crypto/vectors/ecdh", test_agreement);
    g_test_add_func("/crypto/vectors/rfc8032", test_rfc8032);
    g_test_add_func("/crypto/vectors/digests", test_digest);
    return g_test_run();
}
