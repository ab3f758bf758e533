/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a bundle says beside its keys and certificates; files that we write ourselves; and inputs
 * that no fixture holds.
 */
#include "tests/unit/crypto/fixture.h"

#include "daemon/base/error.h"

#include <string.h>

static const MeishiBundleCert *
cert_at(const MeishiBundle *bundle, guint i)
{
    return g_ptr_array_index(bundle->certs, i);
}

static const MeishiBundleKey *
key_at(const MeishiBundle *bundle, guint i)
{
    return g_ptr_array_index(bundle->keys, i);
}

static MeishiBundle *
read_text(const char *text, gsize len, GError **error)
{
    g_autoptr(GBytes) file = g_bytes_new_static(text, len);

    return meishi_bundle_read(file, "file", NULL, error);
}

/* ---- contents ---- */

static void
test_names(void)
{
    static const struct {
        const char *path;
        const char *name;
    } cases[] = {
        {"pkcs12/ok-openssl3-default.p12", "rsa user"},
        {"pkcs12/odd-name-utf8.p12", "Jürgen ☃"},
        {"pkcs12/odd-name-control.p12", "ab[31mredevil;type=private"},
        {"pkcs12/odd-name-empty.p12", NULL},
        {"pkcs12/nss-default.p12", "sub - Meishi test"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(MeishiBundle) bundle = fixture_bundle(cases[i].path, "secret", &error);

        g_assert_no_error(error);
        g_assert_cmpstr(cert_at(bundle, 0)->friendly_name, ==, cases[i].name);
    }
}

static void
test_long_tags(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiBundle) name = fixture_bundle("pkcs12/odd-name-long.p12", "secret", &error);
    g_autoptr(MeishiBundle) id = fixture_bundle("pkcs12/odd-long-id.p12", "secret", &error);

    g_assert_no_error(error);
    g_assert_cmpuint(strlen(key_at(name, 0)->friendly_name), ==, 255);
    g_assert_cmpuint(g_bytes_get_size(key_at(id, 0)->local_key_id), ==, 200);
}

static void
assert_note(const char *path, const char *password, const char *part)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiBundle) bundle = fixture_bundle(path, password, &error);

    g_assert_no_error(error);
    g_assert_cmpuint(bundle->notes->len, ==, 1);
    g_assert_nonnull(strstr(g_ptr_array_index(bundle->notes, 0), part));
}

static void
test_notes(void)
{
    assert_note("pkcs12/odd-secret-too.p12", "secret", "secret that is not a private key");
    assert_note("pkcs12/odd-crl-too.p12", "secret", "revoked");
    assert_note("pkcs12/key-x25519-too.p12", "secret", "X25519");
    assert_note("pkcs12/odd-trailing-garbage.p12", "secret", "behind the end");
    assert_note("pem/bundle-crl.pem", NULL, "revoked");
    assert_note("pem/bundle-request.pem", NULL, "request");
}

static void
test_formats(void)
{
    static const struct {
        const char *path;
        const char *password;
        MeishiBundleFormat format;
        gboolean has_mac;
    } cases[] = {
        {"pkcs12/ok-ec-p256.p12", "secret", MEISHI_BUNDLE_PKCS12, TRUE},
        {"pkcs12/odd-nomac.p12", "secret", MEISHI_BUNDLE_PKCS12, FALSE},
        {"pem/bundle.pem", NULL, MEISHI_BUNDLE_PEM, FALSE},
        {"pem/cert.der", NULL, MEISHI_BUNDLE_DER_CERTIFICATE, FALSE},
        {"pem/sec1.der", NULL, MEISHI_BUNDLE_DER_KEY, FALSE},
        {"pem/encrypted.der", "secret", MEISHI_BUNDLE_DER_KEY, FALSE},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(MeishiBundle) bundle = fixture_bundle(cases[i].path, cases[i].password, &error);

        g_assert_no_error(error);
        g_assert_cmpint(bundle->format, ==, cases[i].format);
        g_assert_cmpint(bundle->has_mac, ==, cases[i].has_mac);
    }
}

/* The second password of two, for the key alone. */
static void
test_two_passwords(void)
{
    g_autoptr(GBytes) file = fixture_read("pkcs12/pw-key-differs.p12");
    g_autoptr(GPtrArray) passwords =
        g_ptr_array_new_with_free_func((GDestroyNotify)meishi_secret_unref);
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiBundle) bundle = NULL;

    g_ptr_array_add(passwords, fixture_secret("not this"));
    g_ptr_array_add(passwords, fixture_secret("other"));
    g_ptr_array_add(passwords, fixture_secret("secret"));
    bundle = meishi_bundle_read(file, "file", passwords, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(bundle->keys->len, ==, 1);
}

static void
assert_message(const char *path, const char *password, const char *part)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiBundle) bundle = fixture_bundle(path, password, &error);

    g_assert_null(bundle);
    g_assert_true(g_str_has_prefix(error->message, path));
    g_assert_nonnull(strstr(error->message, part));
}

/* A message says what the file is. */
static void
test_messages(void)
{
    assert_message("pem/not-empty.pem", NULL, "empty");
    assert_message("pem/not-request.pem", NULL, "certificate request");
    assert_message("pem/not-request.der", NULL, "certificate request");
    assert_message("pem/not-openssh.key", NULL, "OpenSSH");
    assert_message("pem/not-jks.jks", NULL, "keytool");
    assert_message("pem/not-html.crt", NULL, "web page");
    assert_message("pem/not-cut.pem", NULL, "cut off");
    assert_message("pkcs12/reject-trunc-half.p12", "secret", "cut off");
    assert_message("pkcs12/pw-wrong.p12", "not it", "or the file was changed");
    assert_message("pkcs12/pw-key-differs.p12", "secret", "password of its own");
    assert_message("pkcs12/reject-mac-iter-2147483647.p12", "secret", "iterations");
}

/* Neither the file nor its name puts anything into a message that is no text. */
static void
test_message_is_text(void)
{
    static const char label[] = "-----BEGIN \xff\x1b[31m-----\nMAA=\n-----END \xff\x1b[31m-----\n";
    g_autoptr(GBytes) file = g_bytes_new_static(label, sizeof label - 1);
    g_autoptr(GError) error = NULL;

    g_assert_null(meishi_bundle_read(file, "\xfe\x1b.pem", NULL, &error));
    g_assert_true(g_utf8_validate(error->message, -1, NULL));
    g_assert_null(strchr(error->message, '\x1b'));
}

/* ---- the old ciphers ---- */

static void
test_legacy_missing(void)
{
    g_autoptr(GError) error = NULL;

    if (g_test_subprocess()) {
        g_setenv("OPENSSL_MODULES", "/nonexistent", TRUE);
        g_assert_null(fixture_bundle("pkcs12/legacy-rc2-40.p12", "secret", &error));
        g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_UNSUPPORTED);
        g_assert_nonnull(strstr(error->message, "legacy provider"));
        return;
    }
    g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
    g_test_trap_assert_passed();
}

/* ---- what we write ---- */

static void
round_trip(const char *password)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiBundle) from = fixture_bundle("pem/bundle.pem", NULL, &error);
    g_autoptr(MeishiSecret) secret = fixture_secret(password);
    g_autoptr(GPtrArray) certs = g_ptr_array_new(), passwords = g_ptr_array_new();
    g_autoptr(GBytes) file = NULL;
    g_autoptr(MeishiBundle) back = NULL;

    for (guint i = 0; i < from->certs->len; i++)
        g_ptr_array_add(certs, cert_at(from, i)->cert);
    file = meishi_bundle_write_pkcs12(key_at(from, 0)->pkcs8, certs, "My key", secret, &error);
    g_assert_no_error(error);
    g_ptr_array_add(passwords, secret);
    back = meishi_bundle_read(file, "back", passwords, &error);
    g_assert_no_error(error);
    g_assert_true(back->has_mac);
    g_assert_cmpuint(back->certs->len, ==, from->certs->len);
    g_assert_true(meishi_secret_equal(key_at(back, 0)->pkcs8, key_at(from, 0)->pkcs8));
    g_assert_cmpstr(key_at(back, 0)->friendly_name, ==, "My key");
    assert_bytes(cert_at(back, 0)->local_key_id, key_at(back, 0)->local_key_id);
    assert_bytes(cert_at(back, 0)->der, cert_at(from, 0)->der);
}

static void
test_write(void)
{
    round_trip("secret");
    round_trip("pässwörd €🔑");
}

static void
test_write_key_only(void)
{
    g_autoptr(MeishiSecret) pkcs8 = fixture_pkcs8("pem/ed25519.key");
    g_autoptr(MeishiSecret) secret = fixture_secret("x");
    g_autoptr(GPtrArray) certs = g_ptr_array_new(), passwords = g_ptr_array_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) file = meishi_bundle_write_pkcs12(pkcs8, certs, "k", secret, &error);
    g_autoptr(MeishiBundle) back = NULL;

    g_assert_no_error(error);
    g_ptr_array_add(passwords, secret);
    back = meishi_bundle_read(file, "back", passwords, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(back->keys->len, ==, 1);
    g_assert_cmpuint(back->certs->len, ==, 0);
}

/* ---- size ---- */

static void
test_too_large(void)
{
    gsize len = (16u << 20) + 1;
    g_autofree char *zeros = g_malloc0(len);
    g_autoptr(GError) error = NULL;

    g_assert_null(read_text(zeros, len, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_BAD_FILE);
}

/* The same block over and over costs a lookup each, and ends at some number. */
static void
test_many_blocks(void)
{
    g_autoptr(GBytes) block = fixture_read("pem/sec1.key");
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiBundle) bundle = NULL;

    for (guint i = 0; i < 1000; i++)
        g_string_append_len(text, g_bytes_get_data(block, NULL), (gssize)g_bytes_get_size(block));
    bundle = read_text(text->str, text->len, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(bundle->keys->len, ==, 1);
    for (guint i = 0; i < 3500; i++)
        g_string_append(text, "-----BEGIN X-----\nMAA=\n-----END X-----\n");
    g_assert_null(read_text(text->str, text->len, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_BAD_FILE);
}

/* Every prefix of a file ends in an error, never in a crash or half a bundle. */
static void
test_prefixes(void)
{
    g_autoptr(GBytes) file = fixture_read("pkcs12/odd-nomac-plain.p12");
    const char *data = g_bytes_get_data(file, NULL);

    for (gsize len = 0; len < g_bytes_get_size(file); len++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(read_text(data, len, &error));
        g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_BAD_FILE);
    }
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;

    g_test_init(&argc, &argv, NULL);
    g_assert_true(meishi_crypto_init(&error));
    g_test_add_func("/crypto/bundle/names", test_names);
    g_test_add_func("/crypto/bundle/long-tags", test_long_tags);
    g_test_add_func("/crypto/bundle/notes", test_notes);
    g_test_add_func("/crypto/bundle/formats", test_formats);
    g_test_add_func("/crypto/bundle/two-passwords", test_two_passwords);
    g_test_add_func("/crypto/bundle/messages", test_messages);
    g_test_add_func("/crypto/bundle/message-is-text", test_message_is_text);
    g_test_add_func("/crypto/bundle/legacy-provider-is-missing", test_legacy_missing);
    g_test_add_func("/crypto/bundle/write", test_write);
    g_test_add_func("/crypto/bundle/write-key-only", test_write_key_only);
    g_test_add_func("/crypto/bundle/too-large", test_too_large);
    g_test_add_func("/crypto/bundle/many-blocks", test_many_blocks);
    g_test_add_func("/crypto/bundle/every-prefix-is-refused", test_prefixes);
    return g_test_run();
}
