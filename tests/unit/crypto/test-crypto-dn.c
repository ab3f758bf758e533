/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Names and free text out of files: every string type, and nothing that a terminal would obey.
 */
#include "tests/unit/crypto/fixture.h"

#include "daemon/crypto/dn.h"
#include "daemon/crypto/text.h"

#include <openssl/objects.h>
#include <string.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509_NAME, X509_NAME_free)

typedef struct {
    const char *oid;
    int type;
    const char *value;
    int len; /* -1: a string */
} Attribute;

static X509_NAME *
build(const Attribute *attributes, gsize n)
{
    X509_NAME *name = X509_NAME_new();

    for (gsize i = 0; i < n; i++) {
        const Attribute *a = &attributes[i];

        g_assert_true(X509_NAME_add_entry_by_txt(name, a->oid, a->type,
                                                 (const unsigned char *)a->value, a->len, -1, 0));
    }
    return name;
}

static void
assert_text(const Attribute *attributes, gsize n, const char *expected, const char *cn)
{
    g_autoptr(X509_NAME) x509_name = build(attributes, n);
    g_autoptr(MeishiName) name = meishi_dn_read(x509_name, NULL);
    g_autofree char *text = meishi_dn_to_text(name);
    g_autofree char *common = meishi_dn_common_name(name);

    g_assert_cmpstr(text, ==, expected);
    g_assert_cmpstr(common, ==, cn);
}

static void
test_order_and_names(void)
{
    const Attribute attributes[] = {
        {"C", V_ASN1_PRINTABLESTRING, "DE", -1},
        {"O", V_ASN1_UTF8STRING, "Exämple, Inc.", -1},
        {"OU", V_ASN1_UTF8STRING, "R+D", -1},
        {"DC", V_ASN1_IA5STRING, "example", -1},
        {"CN", V_ASN1_UTF8STRING, "first", -1},
        {"CN", V_ASN1_UTF8STRING, " last ", -1},
        {"emailAddress", V_ASN1_IA5STRING, "a@example.com", -1},
    };

    assert_text(attributes, G_N_ELEMENTS(attributes),
                "emailAddress=a@example.com,CN=\\ last\\ ,CN=first,DC=example,OU=R\\+D,"
                "O=Exämple\\, Inc.,C=DE",
                "last");
    assert_text(NULL, 0, "", NULL);
}

static void
test_string_types(void)
{
    const Attribute attributes[] = {
        {"CN", V_ASN1_BMPSTRING, "\0J\0\xfc\0r\0g", 8},
        {"O", V_ASN1_T61STRING, "caf\xe9", -1},
        {"OU", V_ASN1_UNIVERSALSTRING, "\0\1\xf5\x11", 4},
    };

    assert_text(attributes, G_N_ELEMENTS(attributes), "OU=🔑,O=café,CN=Jürg", "Jürg");
}

static void
test_hostile(void)
{
    const Attribute nul[] = {{"CN", V_ASN1_UTF8STRING, "good\0evil", 9}};
    const Attribute control[] = {{"CN", V_ASN1_UTF8STRING, "a\nb\x1b[31m\xe2\x80\xae z", -1}};
    const Attribute c1[] = {{"CN", V_ASN1_UTF8STRING,
                             "a\xc2\x9b"
                             "31m",
                             -1}};

    assert_text(nul, 1, "CN=#0c09676f6f64006576696c", "#0c09676f6f64006576696c");
    assert_text(control, 1, "CN=a\\0Ab\\1B[31m\\E2\\80\\AE z", "ab[31m z");
    assert_text(c1, 1, "CN=a\\C2\\9B31m", "a31m");
}

static void
test_unknown_type(void)
{
    const Attribute attributes[] = {{"1.2.3.4.5", V_ASN1_UTF8STRING, "x", -1}};

    assert_text(attributes, 1, "1.2.3.4.5=x", NULL);
}

static void
test_clean(void)
{
    static const struct {
        const char *in;
        gsize max;
        const char *out;
    } cases[] = {
        {"plain", 10, "plain"},
        {"  blanks  ", 10, "blanks"},
        {"too long", 3, "too"},
        {"äää", 5, "ää"},
        {"a\nb\tc\x7f", 10, "abc"},
        {"\xe2\x80\xae\xe2\x81\xa6x\xef\xbb\xbf", 10, "x"},
        {"می\xe2\x80\x8cخواهم", 40, "می\xe2\x80\x8cخواهم"},
        {"bad\xff", 10, "bad\xef\xbf\xbd"},
        {"\n\n", 10, NULL},
        {"", 10, NULL},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *out = meishi_text_clip(cases[i].in, cases[i].max);

        g_assert_cmpstr(out, ==, cases[i].out);
    }
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;

    g_test_init(&argc, &argv, NULL);
    g_assert_true(meishi_crypto_init(&error));
    g_test_add_func("/crypto/dn/order-and-names", test_order_and_names);
    g_test_add_func("/crypto/dn/string-types", test_string_types);
    g_test_add_func("/crypto/dn/hostile-values-are-escaped", test_hostile);
    g_test_add_func("/crypto/dn/unknown-type", test_unknown_type);
    g_test_add_func("/crypto/text/clean", test_clean);
    return g_test_run();
}
