/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * daemon/policy/check.c: each warning by the smallest change that causes it, and the order of
 * identities as a list that must come out the same whichever way it went in.
 */
#include "daemon/policy/check.h"

#include "tests/unit/policy/fake-cert.h"

#define CLIENT_AUTH "1.3.6.1.5.5.7.3.2"
#define SERVER_AUTH "1.3.6.1.5.5.7.3.1"
#define ANY_EKU     "2.5.29.37.0"

static char **
ekus(const char *oid)
{
    const char *list[] = {oid, NULL};

    return g_strdupv((char **)list);
}

typedef struct {
    const char *name;
    gint64 not_before, not_after; /* from FAKE_NOW; 0: as made */
    const char *eku;
    int key_usage; /* -1: no extension */
    MeishiKeyType type;
    guint bits;
    gboolean weak_signature, is_ca, self_signed;
    int version;
    guint expected;
} WarningRow;

/* What differs from a certificate that causes no warning. */
static const WarningRow warning_rows[] = {
    {"fine", 0, 0, NULL, -1, MEISHI_KEY_RSA, 2048, FALSE, FALSE, TRUE, 3, 0},
    {"not soon", 0, 31 * 86400, NULL, -1, MEISHI_KEY_RSA, 2048, FALSE, FALSE, TRUE, 3, 0},
    {"expired", 0, -1, NULL, -1, MEISHI_KEY_RSA, 2048, FALSE, FALSE, TRUE, 3, MEISHI_WARN_EXPIRED},
    {"early", 1, 0, NULL, -1, MEISHI_KEY_RSA, 2048, FALSE, FALSE, TRUE, 3,
     MEISHI_WARN_NOT_YET_VALID},
    {"soon", 0, 30 * 86400, NULL, -1, MEISHI_KEY_RSA, 2048, FALSE, FALSE, TRUE, 3,
     MEISHI_WARN_EXPIRES_SOON},
    {"server", 0, 0, SERVER_AUTH, -1, MEISHI_KEY_RSA, 2048, FALSE, FALSE, TRUE, 3,
     MEISHI_WARN_NO_CLIENT_AUTH},
    {"client", 0, 0, CLIENT_AUTH, -1, MEISHI_KEY_RSA, 2048, FALSE, FALSE, TRUE, 3, 0},
    {"any", 0, 0, ANY_EKU, -1, MEISHI_KEY_RSA, 2048, FALSE, FALSE, TRUE, 3, 0},
    {"usage", 0, 0, NULL, MEISHI_KU_KEY_ENCIPHERMENT, MEISHI_KEY_RSA, 2048, FALSE, FALSE, TRUE, 3,
     MEISHI_WARN_NO_SIGNATURE_KU},
    {"signs", 0, 0, NULL, MEISHI_KU_DIGITAL_SIGNATURE, MEISHI_KEY_RSA, 2048, FALSE, FALSE, TRUE, 3,
     0},
    {"short", 0, 0, NULL, -1, MEISHI_KEY_RSA, 2047, FALSE, FALSE, TRUE, 3, MEISHI_WARN_WEAK_KEY},
    {"short pss", 0, 0, NULL, -1, MEISHI_KEY_RSA_PSS, 1024, FALSE, FALSE, TRUE, 3,
     MEISHI_WARN_WEAK_KEY},
    {"curve", 0, 0, NULL, -1, MEISHI_KEY_EC, 192, FALSE, FALSE, TRUE, 3, MEISHI_WARN_WEAK_KEY},
    {"good curve", 0, 0, NULL, -1, MEISHI_KEY_EC, 224, FALSE, FALSE, TRUE, 3, 0},
    {"edwards", 0, 0, NULL, -1, MEISHI_KEY_ED25519, 253, FALSE, FALSE, TRUE, 3, 0},
    {"sha1 root", 0, 0, NULL, -1, MEISHI_KEY_RSA, 2048, TRUE, FALSE, TRUE, 3, 0},
    {"sha1", 0, 0, NULL, -1, MEISHI_KEY_RSA, 2048, TRUE, FALSE, FALSE, 3,
     MEISHI_WARN_WEAK_SIGNATURE | MEISHI_WARN_MISSING_ISSUER},
    {"orphan", 0, 0, NULL, -1, MEISHI_KEY_RSA, 2048, FALSE, FALSE, FALSE, 3,
     MEISHI_WARN_MISSING_ISSUER},
    {"ca", 0, 0, NULL, -1, MEISHI_KEY_RSA, 2048, FALSE, TRUE, TRUE, 3, MEISHI_WARN_IS_CA},
    {"v1", 0, 0, NULL, -1, MEISHI_KEY_RSA, 2048, FALSE, FALSE, TRUE, 1, MEISHI_WARN_VERSION_1},
};

static MeishiCert *
cert_of_row(const WarningRow *row)
{
    MeishiCert *cert = fake_cert(row->name, row->self_signed ? row->name : "other", 1);

    if (row->not_before != 0)
        cert->not_before = FAKE_NOW + row->not_before;
    if (row->not_after != 0)
        cert->not_after = FAKE_NOW + row->not_after;
    cert->ekus = row->eku != NULL ? ekus(row->eku) : NULL;
    cert->has_key_usage = row->key_usage >= 0;
    cert->key_usage = cert->has_key_usage ? (guint)row->key_usage : 0;
    cert->key->type = row->type;
    cert->key->bits = row->bits;
    cert->signature_is_weak = row->weak_signature;
    cert->is_ca = row->is_ca;
    cert->version = row->version;
    return cert;
}

static void
test_warnings(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(warning_rows); i++) {
        g_autoptr(MeishiCert) cert = cert_of_row(&warning_rows[i]);
        guint warnings = meishi_check_warnings(cert, NULL, FAKE_NOW);

        g_test_message("%s", warning_rows[i].name);
        g_assert_cmphex(warnings, ==, warning_rows[i].expected);
    }
    g_assert_cmphex(meishi_check_warnings(NULL, NULL, FAKE_NOW), ==, MEISHI_WARN_NO_CERTIFICATE);
}

static void
test_chain(void)
{
    g_autoptr(MeishiCert) leaf = fake_cert("leaf", "sub", 1);
    g_autoptr(GPtrArray) chain = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_cert_unref);

    g_assert_cmphex(meishi_check_warnings(leaf, chain, FAKE_NOW), ==, MEISHI_WARN_MISSING_ISSUER);
    g_ptr_array_add(chain, fake_cert("sub", "root", 2));
    g_assert_cmphex(meishi_check_warnings(leaf, chain, FAKE_NOW), ==, 0);
    g_ptr_array_add(chain, fake_cert("root", "root", 3));
    ((MeishiCert *)g_ptr_array_index(chain, 1))->signature_is_weak = TRUE;
    g_assert_cmphex(meishi_check_warnings(leaf, chain, FAKE_NOW), ==, 0);
    ((MeishiCert *)g_ptr_array_index(chain, 0))->signature_is_weak = TRUE;
    g_assert_cmphex(meishi_check_warnings(leaf, chain, FAKE_NOW), ==, MEISHI_WARN_WEAK_SIGNATURE);
}

static void
test_far_future(void)
{
    g_autoptr(MeishiCert) cert = fake_cert("a", "a", 1);

    cert->not_after = G_MAXINT64;
    g_assert_cmphex(meishi_check_warnings(cert, NULL, FAKE_NOW), ==, 0);
}

/* Every warning has a name of its own and a sentence. */
static void
test_texts(void)
{
    g_autoptr(MeishiCert) cert = fake_cert("a", "b", 1);
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
    g_autofree char *dated = meishi_check_warning_text(MEISHI_WARN_EXPIRED, cert);

    for (guint bit = 1; bit <= MEISHI_WARN_NO_CERTIFICATE; bit <<= 1) {
        const char *name = meishi_check_warning_name(bit);
        g_autofree char *text = meishi_check_warning_text(bit, cert);

        g_assert_cmpstr(name, !=, "unknown");
        g_assert_true(g_hash_table_add(names, (gpointer)name));
        g_assert_true(g_str_has_suffix(text, "."));
        g_assert_cmpstr(text, !=, "There is something unusual about it.");
    }
    g_assert_nonnull(strstr(dated, "2028-01-15"));
}

/* The expected order is the index in this array. */
static GPtrArray *
ranked_certs(void)
{
    GPtrArray *certs = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_cert_unref);

    for (guint8 i = 0; i < 9; i++)
        g_ptr_array_add(certs, fake_cert("a", "b", i));
#define CERT(i) ((MeishiCert *)g_ptr_array_index(certs, i))
    CERT(0)->ekus = ekus(CLIENT_AUTH);
    CERT(1)->not_before += 1; /* no EKU; issued last */
    CERT(2)->not_after += 1;  /* lasts longest */
    /* 3 and 4 differ by their hash alone */
    CERT(5)->not_before -= 1;
    CERT(6)->ekus = ekus(SERVER_AUTH);
    CERT(6)->not_before += 2;
    CERT(7)->ekus = ekus(CLIENT_AUTH);
    CERT(7)->not_before = FAKE_NOW + 1;
    CERT(8)->ekus = ekus(CLIENT_AUTH);
    CERT(8)->not_after = FAKE_NOW - 1;
#undef CERT
    return certs;
}

static void
test_order(void)
{
    g_autoptr(GPtrArray) certs = ranked_certs();

    for (guint i = 0; i < certs->len; i++) {
        for (guint j = 0; j < certs->len; j++) {
            int order = meishi_check_compare(g_ptr_array_index(certs, i), "x",
                                             g_ptr_array_index(certs, j), "x", FAKE_NOW);

            g_assert_cmpint((order > 0) - (order < 0), ==, (i > j) - (i < j));
        }
    }
}

static void
test_order_by_label(void)
{
    g_autoptr(MeishiCert) a = fake_cert("a", "b", 2);
    g_autoptr(MeishiCert) b = fake_cert("a", "b", 1);

    g_assert_cmpint(meishi_check_compare(a, "1", b, "2", FAKE_NOW), <, 0);
    g_assert_cmpint(meishi_check_compare(a, "1", b, "1", FAKE_NOW), >, 0);
    g_assert_cmpint(meishi_check_compare(a, "2", NULL, "1", FAKE_NOW), <, 0);
    g_assert_cmpint(meishi_check_compare(NULL, "2", NULL, "1", FAKE_NOW), >, 0);
    g_assert_cmpint(meishi_check_compare(NULL, "1", NULL, "1", FAKE_NOW), ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/policy/check/warnings", test_warnings);
    g_test_add_func("/policy/check/chain", test_chain);
    g_test_add_func("/policy/check/far-future", test_far_future);
    g_test_add_func("/policy/check/texts", test_texts);
    g_test_add_func("/policy/check/order", test_order);
    g_test_add_func("/policy/check/order-by-label", test_order_by_label);
    return g_test_run();
}
