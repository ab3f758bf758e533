/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The DER inside a CertificateRequest, and what of it is not believed.
 */
#include "tests/unit/crypto/fixture.h"

#include "daemon/base/error.h"

#include <string.h>

#define KEY_USAGE "2.5.29.15"
#define EKU       "2.5.29.37"

/* ---- names ---- */

static void
test_name_of_certificate(void)
{
    g_autoptr(MeishiCert) cert = fixture_cert("pem/cert.pem");
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiName) name = meishi_x509_parse_name(cert->issuer, &error);
    g_autofree char *text = name != NULL ? meishi_name_to_text(name) : NULL;

    g_assert_no_error(error);
    g_assert_cmpstr(text, ==, "CN=sub,O=Meishi test");
    g_assert_cmpint(meishi_name_compare(name, cert->issuer_name), ==, MEISHI_NAME_EQUAL);
    g_assert_cmpint(meishi_name_compare(name, cert->subject_name), ==, MEISHI_NAME_DIFFERENT);
}

/* The same letters in another string type and case: other bytes, the same name (RFC 5280 7.1). */
static void
test_name_normalised(void)
{
    g_autoptr(GBytes) printable = fixture_hex("300d 310b 3009 0603550403 1302 4341");
    g_autoptr(GBytes) utf8 = fixture_hex("300d 310b 3009 0603550403 0c02 6361");
    g_autoptr(MeishiName) a = meishi_x509_parse_name(printable, NULL);
    g_autoptr(MeishiName) b = meishi_x509_parse_name(utf8, NULL);

    g_assert_cmpint(meishi_name_compare(a, b), ==, MEISHI_NAME_NORMALISED);
}

static void
test_name_empty(void)
{
    g_autoptr(GBytes) der = fixture_hex("3000");
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiName) name = meishi_x509_parse_name(der, &error);

    g_assert_no_error(error);
    g_assert_cmpuint(name->attrs->len, ==, 0);
}

static void
assert_bad_name(const char *hex, const char *part)
{
    g_autoptr(GBytes) der = fixture_hex(hex);
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiName) name = meishi_x509_parse_name(der, &error);

    g_assert_null(name);
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_BAD_FILE);
    g_assert_nonnull(strstr(error->message, part));
}

static void
test_name_damaged(void)
{
    assert_bad_name("", "not a distinguished name");
    assert_bad_name("0203010001", "not a distinguished name");
    assert_bad_name("300d 310b 3009 0603550403 1302 43", "not a distinguished name");
    assert_bad_name("300d 310b 3009 0603550403 1302 4341 00", "behind the end");
}

/* 65 times CN=x. */
static void
test_name_of_many(void)
{
    GString *hex = g_string_new("3082030c");

    for (guint i = 0; i < 65; i++)
        g_string_append(hex, "310a3008060355040313 0178");
    assert_bad_name(hex->str, "more than 64");
    g_string_free(hex, TRUE);
}

/* ---- filters ---- */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiOidFilter, meishi_oid_filter_free)

static MeishiOidFilter *
read_filter(const char *oid, const char *hex)
{
    g_autoptr(GBytes) values = fixture_hex(hex);

    return meishi_x509_parse_oid_filter(oid, values);
}

static void
test_filter_key_usage(void)
{
    g_autoptr(MeishiOidFilter) signing = read_filter(KEY_USAGE, "03020780");
    g_autoptr(MeishiOidFilter) both = read_filter(KEY_USAGE, "0303078880");

    g_assert_true(signing->known);
    g_assert_cmpstr(signing->oid, ==, KEY_USAGE);
    g_assert_cmpuint(signing->key_usage, ==, MEISHI_KU_DIGITAL_SIGNATURE);
    g_assert_null(signing->ekus);
    g_assert_true(both->known);
    g_assert_cmpuint(both->key_usage, ==,
                     MEISHI_KU_DIGITAL_SIGNATURE | MEISHI_KU_KEY_AGREEMENT |
                         MEISHI_KU_DECIPHER_ONLY);
}

static void
test_filter_eku(void)
{
    g_autoptr(MeishiOidFilter) filter =
        read_filter(EKU, "3014 06082b06010505070302 06082b06010505070304");

    g_assert_true(filter->known);
    g_assert_cmpuint(g_strv_length(filter->ekus), ==, 2);
    g_assert_cmpstr(filter->ekus[0], ==, "1.3.6.1.5.5.7.3.2");
    g_assert_cmpstr(filter->ekus[1], ==, "1.3.6.1.5.5.7.3.4");
}

/* RFC 9846 "OID Filters": anyExtendedKeyUsage MUST NOT be used in one. */
static void
test_filter_any_eku(void)
{
    g_autoptr(MeishiOidFilter) filter = read_filter(EKU, "3010 0604551d2500 06082b06010505070302");

    g_assert_true(filter->known);
    g_assert_cmpuint(g_strv_length(filter->ekus), ==, 1);
    g_assert_cmpstr(filter->ekus[0], ==, "1.3.6.1.5.5.7.3.2");
}

/* "Clients MUST ignore and skip any unrecognized certificate extension OIDs." */
static void
test_filter_unknown(void)
{
    static const struct {
        const char *oid, *hex;
    } cases[] = {
        {"2.5.29.32", "3000"},           /* certificatePolicies: not matched by us */
        {"1.2.3", ""},                   /* nobody's */
        {KEY_USAGE, ""},                 /* no value */
        {KEY_USAGE, "0302"},             /* cut off */
        {KEY_USAGE, "0302078000"},       /* a byte too many */
        {KEY_USAGE, "3000"},             /* another type */
        {EKU, "03020780"},               /* likewise */
        {EKU, "300a06082b060105050703"}, /* cut off */
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(MeishiOidFilter) filter = read_filter(cases[i].oid, cases[i].hex);

        g_assert_cmpstr(filter->oid, ==, cases[i].oid);
        g_assert_false(filter->known);
        g_assert_cmpuint(filter->key_usage, ==, 0);
        g_assert_null(filter->ekus);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_true(meishi_crypto_init(NULL));
    g_test_add_func("/request/name/of-certificate", test_name_of_certificate);
    g_test_add_func("/request/name/normalised-rfc5280-7.1", test_name_normalised);
    g_test_add_func("/request/name/empty", test_name_empty);
    g_test_add_func("/request/name/damaged", test_name_damaged);
    g_test_add_func("/request/name/too-many-attributes", test_name_of_many);
    g_test_add_func("/request/filter/key-usage", test_filter_key_usage);
    g_test_add_func("/request/filter/eku", test_filter_eku);
    g_test_add_func("/request/filter/any-eku-rfc9846", test_filter_any_eku);
    g_test_add_func("/request/filter/unknown-rfc8446-4.2.5", test_filter_unknown);
    return g_test_run();
}
