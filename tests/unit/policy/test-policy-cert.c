/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * daemon/policy/cert.c: the questions a certificate answers about itself.
 */
#include "daemon/policy/cert.h"

#include "tests/unit/policy/fake-cert.h"

static void
test_dates(void)
{
    const struct {
        gint64 offset; /* from notBefore */
        gboolean early, late;
    } rows[] = {
        {-1, TRUE, FALSE},
        {0, FALSE, FALSE},
        {100, FALSE, FALSE},
        {101, FALSE, TRUE},
    };
    g_autoptr(MeishiCert) cert = fake_cert("a", "b", 1);

    cert->not_after = cert->not_before + 100;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        gint64 now = cert->not_before + rows[i].offset;

        g_assert_cmpint(meishi_cert_is_not_yet_valid(cert, now), ==, rows[i].early);
        g_assert_cmpint(meishi_cert_is_expired(cert, now), ==, rows[i].late);
    }
}

static void
test_eku(void)
{
    static const char *const ekus[] = {"1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2", NULL};
    g_autoptr(MeishiCert) cert = fake_cert("a", "b", 1);

    g_assert_false(meishi_cert_has_eku(cert, "1.3.6.1.5.5.7.3.2"));
    cert->ekus = g_strdupv((char **)ekus);
    g_assert_true(meishi_cert_has_eku(cert, "1.3.6.1.5.5.7.3.2"));
    g_assert_false(meishi_cert_has_eku(cert, "1.3.6.1.5.5.7.3"));
}

static void
test_key_usage(void)
{
    static const char *const names[] = {"digitalSignature", "nonRepudiation", "keyEncipherment",
                                        "dataEncipherment", "keyAgreement",   "keyCertSign",
                                        "cRLSign",          "encipherOnly",   "decipherOnly"};
    g_autoptr(MeishiCert) cert = fake_cert("a", "b", 1);

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_auto(GStrv) one = NULL;

        cert->key_usage = 1u << i;
        one = meishi_cert_key_usage_names(cert);
        g_assert_cmpstr(one[0], ==, names[i]);
        g_assert_null(one[1]);
    }
    g_assert_cmpuint(cert->key_usage, ==, MEISHI_KU_DECIPHER_ONLY);
}

static void
test_references(void)
{
    MeishiCert *cert = fake_cert("a", "b", 1);

    g_assert_true(meishi_cert_ref(cert) == cert);
    meishi_cert_unref(cert);
    g_assert_cmpstr(cert->subject_text, ==, "a");
    meishi_cert_unref(cert);
    meishi_cert_unref(NULL);
    meishi_public_key_free(NULL);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/policy/cert/dates", test_dates);
    g_test_add_func("/policy/cert/eku", test_eku);
    g_test_add_func("/policy/cert/key-usage", test_key_usage);
    g_test_add_func("/policy/cert/references", test_references);
    return g_test_run();
}
