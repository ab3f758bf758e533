/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Loading and checking private keys, and signing with one key from many threads at once.
 */
#include "tests/unit/crypto/fixture.h"

#include "daemon/base/error.h"
#include "module/wire/cryptoki.h"

#include <string.h>

#define N_THREADS    12
#define N_SIGNATURES 60

static void
assert_refused(MeishiSecret *pkcs8, gboolean thorough, MeishiErrorCode code)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(meishi_key_new(pkcs8, thorough, &error));
    g_assert_error(error, MEISHI_ERROR, (int)code);
}

static void
test_spki_matches(void)
{
    static const char *const names[] = {"rsa", "ec-P-256", "ed25519"};

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *key_path = g_strdup_printf("pem/pair-%s.key", names[i]);
        g_autofree char *cert_path = g_strdup_printf("pem/pair-%s.crt", names[i]);
        g_autoptr(MeishiKey) key = fixture_key(key_path);
        g_autoptr(MeishiCert) cert = fixture_cert(cert_path);
        g_autoptr(GBytes) spki = meishi_key_spki(key);

        assert_bytes(spki, cert->key->spki);
    }
}

static void
test_truncated(void)
{
    g_autoptr(MeishiSecret) pkcs8 = fixture_pkcs8("pem/pair-ec-P-256.key");

    for (gsize len = 0; len < meishi_secret_len(pkcs8); len++) {
        g_autoptr(MeishiSecret) part = meishi_secret_new_copy(meishi_secret_data(pkcs8), len);

        assert_refused(part, FALSE, MEISHI_ERROR_BAD_FILE);
    }
}

/* The thorough check leaves no flipped bit that changes the key unseen. */
static void
test_flipped(void)
{
    g_autoptr(MeishiSecret) pkcs8 = fixture_pkcs8("pem/pair-ec-P-256.key");
    g_autoptr(MeishiKey) good = fixture_key("pem/pair-ec-P-256.key");
    g_autoptr(GBytes) spki = meishi_key_spki(good);

    for (gsize i = 0; i < meishi_secret_len(pkcs8); i++) {
        g_autoptr(MeishiSecret) copy =
            meishi_secret_new_copy(meishi_secret_data(pkcs8), meishi_secret_len(pkcs8));
        g_autoptr(MeishiKey) key = NULL;
        g_autoptr(GBytes) other = NULL;

        meishi_secret_writable(copy)[i] ^= (guint8)(1 << i % 8);
        key = meishi_key_new(copy, TRUE, NULL);
        other = key ? meishi_key_spki(key) : NULL;
        g_assert_true(!other || g_bytes_equal(other, spki));
    }
}

static void
test_trailing(void)
{
    g_autoptr(MeishiSecret) pkcs8 = fixture_pkcs8("pem/pair-ec-P-256.key");
    g_autoptr(MeishiSecret) longer = meishi_secret_new(meishi_secret_len(pkcs8) + 1);

    memcpy(meishi_secret_writable(longer), meishi_secret_data(pkcs8), meishi_secret_len(pkcs8));
    assert_refused(longer, FALSE, MEISHI_ERROR_BAD_FILE);
}

/* X25519, RFC 8410 section 7 form, with a key of our own. */
static void
test_cannot_sign(void)
{
    g_autoptr(GBytes) der = fixture_hex("302e020100300506032b656e04220420"
                                        "0102030405060708090a0b0c0d0e0f10"
                                        "1112131415161718191a1b1c1d1e1f20");
    g_autoptr(MeishiSecret) pkcs8 =
        meishi_secret_new_copy(g_bytes_get_data(der, NULL), g_bytes_get_size(der));

    assert_refused(pkcs8, FALSE, MEISHI_ERROR_UNSUPPORTED);
}

/* ---- threads ---- */

typedef struct {
    MeishiKey *key;
    GBytes *spki;
} Shared;

static gpointer
sign_many(gpointer data)
{
    const Shared *shared = data;
    const MeishiMechanism ecdsa = {.type = CKM_ECDSA};
    guint8 digest[32], signature[MEISHI_SHA256_LEN * 4];

    for (guint i = 0; i < N_SIGNATURES; i++) {
        gsize len = sizeof signature;
        g_autoptr(GError) error = NULL;

        meishi_crypto_random(digest, sizeof digest);
        if (!meishi_key_operate(shared->key, MEISHI_OP_SIGN, &ecdsa, FALSE, digest, sizeof digest,
                                signature, &len, &error) ||
            !meishi_public_verify(shared->spki, &ecdsa, digest, sizeof digest, signature, len,
                                  &error))
            return g_steal_pointer(&error);
    }
    return NULL;
}

static void
test_threads(void)
{
    g_autoptr(MeishiKey) key = fixture_key("pem/pair-ec-P-256.key");
    g_autoptr(GBytes) spki = meishi_key_spki(key);
    Shared shared = {key, spki};
    GThread *threads[N_THREADS];

    for (guint i = 0; i < N_THREADS; i++)
        threads[i] = g_thread_new("signer", sign_many, &shared);
    for (guint i = 0; i < N_THREADS; i++)
        g_assert_no_error((GError *)g_thread_join(threads[i]));
}

/* A full heap refuses the next key, and the keys that are there still sign. */
static void
test_full_heap(void)
{
    g_autoptr(MeishiSecret) large = fixture_pkcs8("pem/rsa8192.der");
    g_autoptr(GPtrArray) keys = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_key_unref);
    g_autoptr(MeishiKey) key = fixture_key("pem/pair-ec-P-256.key");
    g_autoptr(GBytes) spki = meishi_key_spki(key);
    Shared shared = {key, spki};
    g_autoptr(GError) error = NULL;
    MeishiKey *next;

    while ((next = meishi_key_new(large, FALSE, &error)) != NULL)
        g_ptr_array_add(keys, next);
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_BUSY);
    g_assert_cmpuint(keys->len, >=, 200);
    g_assert_no_error((GError *)sign_many(&shared));
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;

    g_test_init(&argc, &argv, NULL);
    g_assert_true(meishi_crypto_init(&error));
    g_test_add_func("/crypto/key/spki-matches-certificate", test_spki_matches);
    g_test_add_func("/crypto/key/truncated-is-refused", test_truncated);
    g_test_add_func("/crypto/key/flipped-is-seen", test_flipped);
    g_test_add_func("/crypto/key/trailing-is-refused", test_trailing);
    g_test_add_func("/crypto/key/cannot-sign", test_cannot_sign);
    g_test_add_func("/crypto/key/many-threads", test_threads);
    g_test_add_func("/crypto/key/full-heap", test_full_heap);
    return g_test_run();
}
