/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From a certificate's DER to its facts, and what damaged DER comes to.
 */
#include "tests/unit/crypto/fixture.h"

#include "daemon/base/error.h"

#include <string.h>

#define YEAR_2020 G_GINT64_CONSTANT(1577836800)
#define YEAR_2120 G_GINT64_CONSTANT(4733510400)

static void
test_leaf(void)
{
    g_autoptr(MeishiCert) cert = fixture_cert("pem/cert.pem");

    g_assert_cmpint(cert->version, ==, 3);
    g_assert_cmpstr(cert->subject_text, ==, "CN=rsa,O=Meishi test");
    g_assert_cmpstr(cert->issuer_text, ==, "CN=sub,O=Meishi test");
    g_assert_cmpstr(cert->subject_cn, ==, "rsa");
    g_assert_cmpstr(cert->issuer_cn, ==, "sub");
    g_assert_nonnull(meishi_name_find(cert->subject_name, "2.5.4.10"));
    g_assert_cmpint(cert->not_before, ==, YEAR_2020);
    g_assert_cmpint(cert->not_after, ==, YEAR_2120);
    g_assert_true(cert->has_key_usage);
    g_assert_cmpuint(cert->key_usage, ==, MEISHI_KU_DIGITAL_SIGNATURE);
    g_assert_cmpuint(g_strv_length(cert->ekus), ==, 1);
    g_assert_cmpstr(cert->ekus[0], ==, "1.3.6.1.5.5.7.3.2");
    g_assert_cmpstr(cert->sans[0], ==, "email:user@example.com");
    g_assert_false(cert->is_ca);
    g_assert_false(cert->is_self_issued);
    g_assert_cmpstr(cert->signature_algorithm, ==, "ecdsa-with-SHA256");
    g_assert_false(cert->signature_is_weak);
    g_assert_cmpint(cert->key->type, ==, MEISHI_KEY_RSA);
    g_assert_cmpuint(cert->key->bits, ==, 2048);
    g_assert_cmpstr(cert->key->text, ==, "RSA 2048");
    g_assert_cmpuint(g_bytes_get_size(cert->key->modulus), ==, 256);
    g_assert_cmpuint(g_bytes_get_size(cert->key->exponent), ==, 3);
    g_assert_cmpmem(cert->key->key_id, 20, g_bytes_get_data(cert->subject_key_id, NULL),
                    g_bytes_get_size(cert->subject_key_id));
}

static void
test_authorities(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiBundle) bundle = fixture_bundle("pem/chain.pem", NULL, &error);
    const MeishiCert *cert[3];

    g_assert_no_error(error);
    for (guint i = 0; i < 3; i++)
        cert[i] = ((MeishiBundleCert *)g_ptr_array_index(bundle->certs, i))->cert;
    g_assert_true(cert[1]->is_ca && cert[2]->is_ca);
    g_assert_true(cert[2]->is_self_issued && cert[2]->is_self_signed);
    g_assert_false(cert[1]->is_self_signed);
    g_assert_cmpuint(cert[1]->key_usage, ==, MEISHI_KU_KEY_CERT_SIGN | MEISHI_KU_CRL_SIGN);
    assert_bytes(cert[0]->issuer, cert[1]->subject);
    assert_bytes(cert[0]->authority_key_id, cert[1]->subject_key_id);
    g_assert_true(meishi_x509_is_issued_by(cert[0], cert[1], NULL));
    g_assert_true(meishi_x509_is_issued_by(cert[1], cert[2], NULL));
    g_assert_true(meishi_x509_is_issued_by(cert[2], cert[2], NULL));
    g_assert_false(meishi_x509_is_issued_by(cert[0], cert[2], NULL));
    g_assert_false(meishi_x509_is_issued_by(cert[2], cert[0], NULL));
}

static void
test_key_types(void)
{
    static const struct {
        const char *file;
        const char *text;
        const char *curve;
        const char *params;
        guint point_len;
    } cases[] = {
        {"key-ec-P-384.p12", "EC P-384", "P-384", "06052b81040022", 99},
        {"key-ec-P-521.p12", "EC P-521", "P-521", "06052b81040023", 136},
        {"key-ec-compressed.p12", "EC P-256", "P-256", "06082a8648ce3d030107", 67},
        {"key-ec-brainpoolP256r1.p12", "EC brainpoolP256r1", "brainpoolP256r1",
         "06092b2403030208010107", 67},
        {"key-ed25519.p12", "Ed25519", "ed25519", "130c656477617264733235353139", 34},
        {"key-ed448.p12", "Ed448", "ed448", "130a65647761726473343438", 59},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_build_filename("pkcs12", cases[i].file, NULL);
        g_autoptr(GError) error = NULL;
        g_autoptr(MeishiBundle) bundle = fixture_bundle(path, "secret", &error);
        g_autoptr(GBytes) params = fixture_hex(cases[i].params);
        const MeishiBundleCert *cert = g_ptr_array_index(bundle->certs, 0);
        const MeishiPublicKey *key = cert->cert->key;

        g_assert_cmpstr(key->text, ==, cases[i].text);
        g_assert_cmpstr(key->curve, ==, cases[i].curve);
        assert_bytes(key->ec_params, params);
        g_assert_cmpuint(g_bytes_get_size(key->ec_point), ==, cases[i].point_len);
    }
}

static void
test_oddities(void)
{
    g_autoptr(MeishiCert) sha1 = fixture_cert("pem/cert-sha1.pem");
    g_autoptr(MeishiCert) expired = fixture_cert("pem/cert-expired.pem");
    g_autoptr(MeishiCert) future = fixture_cert("pem/cert-not-yet.pem");
    g_autoptr(MeishiCert) server = fixture_cert("pem/cert-server-only.pem");
    g_autoptr(MeishiCert) dsa = fixture_cert("pem/cert-dsa.pem");

    g_assert_true(sha1->signature_is_weak);
    g_assert_true(meishi_cert_is_expired(expired, YEAR_2120));
    g_assert_true(meishi_cert_is_not_yet_valid(future, YEAR_2020));
    g_assert_false(meishi_cert_has_eku(server, "1.3.6.1.5.5.7.3.2"));
    g_assert_cmpint(dsa->key->type, ==, MEISHI_KEY_UNKNOWN);
    g_assert_cmpstr(dsa->key->text, ==, "DSA 2048");
    g_assert_nonnull(dsa->key->spki);
}

static GBytes *
leaf_der(void)
{
    g_autoptr(MeishiCert) cert = fixture_cert("pem/cert.pem");

    return g_bytes_ref(cert->der);
}

static void
test_truncated(void)
{
    g_autoptr(GBytes) der = leaf_der();

    for (gsize len = 0; len < g_bytes_get_size(der); len++) {
        g_autoptr(GBytes) part = g_bytes_new_from_bytes(der, 0, len);
        g_autoptr(GError) error = NULL;

        g_assert_null(meishi_x509_parse(part, &error));
        g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_BAD_FILE);
    }
}

static void
test_trailing(void)
{
    g_autoptr(GBytes) der = leaf_der();
    gsize len = g_bytes_get_size(der);
    g_autofree guint8 *more = g_malloc0(len + 1);
    g_autoptr(GBytes) longer = NULL;
    g_autoptr(GError) error = NULL;

    memcpy(more, g_bytes_get_data(der, NULL), len);
    longer = g_bytes_new(more, len + 1);
    g_assert_null(meishi_x509_parse(longer, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_BAD_FILE);
}

/* Any flipped bit either shows, or the signature does. */
static void
test_flipped(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiBundle) bundle = fixture_bundle("pem/chain.pem", NULL, &error);
    const MeishiCert *issuer = ((MeishiBundleCert *)g_ptr_array_index(bundle->certs, 1))->cert;
    g_autoptr(GBytes) der = leaf_der();
    gsize len = g_bytes_get_size(der);

    for (gsize i = 0; i < len; i++) {
        g_autofree guint8 *copy = g_memdup2(g_bytes_get_data(der, NULL), len);
        g_autoptr(GBytes) changed = NULL;
        g_autoptr(MeishiCert) cert = NULL;

        copy[i] ^= (guint8)(1 << i % 8);
        changed = g_bytes_new(copy, len);
        cert = meishi_x509_parse(changed, NULL);
        g_assert_false(cert && meishi_x509_is_issued_by(cert, issuer, NULL));
    }
}

static void
test_to_pem(void)
{
    g_autoptr(MeishiCert) cert = fixture_cert("pem/cert.pem");
    g_autoptr(GPtrArray) certs = g_ptr_array_new();
    g_autofree char *pem = NULL;
    g_autoptr(GBytes) bytes = NULL;
    g_autoptr(MeishiBundle) bundle = NULL;

    g_ptr_array_add(certs, cert);
    pem = meishi_x509_to_pem(certs);
    g_assert_true(g_str_has_prefix(pem, "# CN=rsa,O=Meishi test\n-----BEGIN CERTIFICATE-----\n"));
    bytes = g_bytes_new(pem, strlen(pem));
    bundle = meishi_bundle_read(bytes, "pem", NULL, NULL);
    assert_bytes(((MeishiBundleCert *)g_ptr_array_index(bundle->certs, 0))->der, cert->der);
}

static void
test_public_key(void)
{
    g_autoptr(MeishiCert) rsa = fixture_cert("pem/cert.pem");
    g_autoptr(MeishiCert) dsa = fixture_cert("pem/cert-dsa.pem");
    g_autoptr(GBytes) cut = g_bytes_new_from_bytes(rsa->key->spki, 0, 100);
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiPublicKey) key = meishi_public_key_parse(rsa->key->spki, &error);

    g_assert_no_error(error);
    g_assert_cmpmem(key->spki_sha256, 32, rsa->key->spki_sha256, 32);
    g_assert_null(meishi_public_key_parse(dsa->key->spki, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_UNSUPPORTED);
    g_clear_error(&error);
    g_assert_null(meishi_public_key_parse(cut, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_BAD_FILE);
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;

    g_test_init(&argc, &argv, NULL);
    g_assert_true(meishi_crypto_init(&error));
    g_test_add_func("/crypto/x509/leaf", test_leaf);
    g_test_add_func("/crypto/x509/authorities", test_authorities);
    g_test_add_func("/crypto/x509/key-types", test_key_types);
    g_test_add_func("/crypto/x509/oddities", test_oddities);
    g_test_add_func("/crypto/x509/truncated-is-refused", test_truncated);
    g_test_add_func("/crypto/x509/trailing-is-refused", test_trailing);
    g_test_add_func("/crypto/x509/flipped-never-verifies", test_flipped);
    g_test_add_func("/crypto/x509/to-pem", test_to_pem);
    g_test_add_func("/crypto/x509/public-key", test_public_key);
    return g_test_run();
}
