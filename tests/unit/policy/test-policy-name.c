/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Distinguished names: reading, writing, comparing.
 */
#include "daemon/policy/name.h"

#include "daemon/base/error.h"
#include "daemon/policy/name-type.h"

#include <string.h>

/* Text in, text out; RFC 4514 section 4 has some of them as its examples. */
static const struct {
    const char *name, *text, *printed;
} good[] = {
    {"rfc4514-4/plain", "UID=jsmith,DC=example,DC=net", "UID=jsmith,DC=example,DC=net"},
    {"rfc4514-4/multi-valued", "OU=Sales+CN=J.  Smith,DC=example,DC=net",
     "OU=Sales+CN=J.  Smith,DC=example,DC=net"},
    {"rfc4514-4/escaped-quotes", "CN=James \\\"Jim\\\" Smith\\, III,DC=example,DC=net",
     "CN=James \\\"Jim\\\" Smith\\, III,DC=example,DC=net"},
    {"rfc4514-4/control", "CN=Before\\0dAfter,DC=example,DC=net",
     "CN=Before\\0DAfter,DC=example,DC=net"},
    {"rfc4514-4/hex-value", "1.3.6.1.4.1.1466.0=#04024869", "1.3.6.1.4.1.1466.0=#04024869"},
    {"rfc4514-4/utf8-pairs", "CN=Lu\\C4\\8Di\\C4\\87", "CN=Lučić"},
    {"rfc4514-2.4/edges", "CN=\\ a \\#\\ ,O=\\#1", "CN=\\ a #\\ ,O=\\#1"},
    {"rfc4514-3/nine-keywords", "CN=a,L=b,ST=c,O=d,OU=e,C=f,STREET=g,DC=h,UID=i",
     "CN=a,L=b,ST=c,O=d,OU=e,C=f,STREET=g,DC=h,UID=i"},
    {"keyword-in-any-case", "cn=a,Ou=b", "CN=a,OU=b"},
    {"known-oid-gets-its-keyword", "2.5.4.3=a,OID.2.5.4.10=b", "CN=a,O=b"},
    {"other-keywords", "E=a@example.com,serialNumber=1",
     "emailAddress=a@example.com,serialNumber=1"},
    {"spaces-around", "CN = Super Client , O=X", "CN=Super Client,O=X"},
    {"rfc2253-quoted", "CN=\"a,b\",O=c", "CN=a\\,b,O=c"},
    {"rfc2253-semicolon", "CN=a;O=b", "CN=a,O=b"},
    {"slash", "/C=JP/ST=Tokyo/L=Chuo/O=Kame/CN=Super Client",
     "CN=Super Client,O=Kame,L=Chuo,ST=Tokyo,C=JP"},
    {"slash/in-a-value", "/O=A/B Company/CN=x", "CN=x,O=A/B Company"},
    {"slash/comma-in-a-value", "/O=A, Inc./CN=x", "CN=x,O=A\\, Inc."},
};

static void
test_good(gconstpointer data)
{
    const char *const *row = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiName) name = meishi_name_parse(row[1], NULL, &error);
    g_autoptr(MeishiName) again = NULL;
    g_autofree char *text = NULL;

    g_assert_no_error(error);
    text = meishi_name_to_text(name);
    g_assert_cmpstr(text, ==, row[2]);
    again = meishi_name_parse(text, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpint(meishi_name_compare(name, again), ==, MEISHI_NAME_NORMALISED);
}

static const struct {
    const char *name, *text;
} bad[] = {
    {"empty", ""},
    {"only-spaces", "   "},
    {"no-type", "Example"},
    {"unknown-type", "FOO=a"},
    {"bad-oid", "2.5.04.3=a"},
    {"empty-value", "CN="},
    {"empty-rdn", "CN=a,,O=b"},
    {"trailing-comma", "CN=a,"},
    {"bare-quote", "CN=a\"b"},
    {"open-quote", "CN=\"a"},
    {"after-quote", "CN=\"a\"b"},
    {"backslash-at-end", "CN=a\\"},
    {"unknown-escape", "CN=a\\z"},
    {"nul", "CN=a\\00b"},
    {"bad-hex", "CN=#0"},
    {"not-utf8", "CN=\\ff"},
    {"slash-alone", "/"},
};

static void
test_bad(gconstpointer data)
{
    const char *const *row = data;
    g_autoptr(GError) error = NULL;

    g_assert_null(meishi_name_parse(row[1], NULL, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT);
    g_assert_true(g_utf8_validate(error->message, -1, NULL));
}

/* RFC 5280 7.1, 7.3: equal without regard to case and to runs of space, in the same order. */
static const struct {
    const char *name, *a, *b;
    gboolean equal;
} pairs[] = {
    {"rfc5280-7.1/case", "CN=EXAMPLE ca", "CN=Example CA", TRUE},
    {"rfc5280-7.1/spaces", "CN=Example  CA", "CN=Example CA", TRUE},
    {"rfc5280-7.1/outer-spaces", "CN=\\ Example CA\\ ", "CN=Example CA", TRUE},
    {"rfc5280-7.1/unicode-case", "CN=STRASSE", "CN=straße", TRUE},
    {"rfc5280-7.1/composition", "CN=e\xcc\x81", "CN=\xc3\xa9", TRUE},
    {"rfc5280-7.1/full-width", "CN=\xef\xbc\xa1", "CN=a", TRUE},
    {"rfc5280-7.3/domain-component", "DC=EXAMPLE,DC=COM", "DC=example,DC=com", TRUE},
    {"x501-9.3/set-has-no-order", "CN=a+O=b", "O=b+CN=a", TRUE},
    {"sequence-has-order", "CN=a,O=b", "O=b,CN=a", FALSE},
    {"rdn-is-not-two", "CN=a+O=b", "CN=a,O=b", FALSE},
    {"prefix", "CN=a,O=b", "CN=a", FALSE},
    {"other-type", "CN=a", "O=a", FALSE},
    {"other-value", "CN=a", "CN=b", FALSE},
    {"value-cannot-forge-structure", "CN=a\\1d2.5.4.10\\1fb", "CN=a,O=b", FALSE},
    {"slash-and-rfc4514", "/C=JP/CN=a", "CN=a,C=JP", TRUE},
};

static void
test_pair(gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE(data);
    g_autoptr(MeishiName) a = meishi_name_parse(pairs[i].a, NULL, NULL);
    g_autoptr(MeishiName) b = meishi_name_parse(pairs[i].b, NULL, NULL);
    MeishiNameMatch expected = pairs[i].equal ? MEISHI_NAME_NORMALISED : MEISHI_NAME_DIFFERENT;

    g_assert_nonnull(a);
    g_assert_nonnull(b);
    g_assert_cmpint(meishi_name_compare(a, b), ==, expected);
    g_assert_cmpint(meishi_name_compare(b, a), ==, expected);
}

static MeishiName *
from_der(const char *der, const char *cn)
{
    g_autoptr(GBytes) bytes = g_bytes_new(der, strlen(der));
    MeishiName *name = meishi_name_new(bytes);

    meishi_name_add(name, 0, "2.5.4.3", cn);
    meishi_name_end(name);
    return name;
}

/* RFC 5280 section 8: equal bytes are equal; other bytes (UTF8String for PrintableString) may be.
 */
static void
test_der_first(void)
{
    g_autoptr(MeishiName) a = from_der("printable", "Example");
    g_autoptr(MeishiName) b = from_der("printable", "Example");
    g_autoptr(MeishiName) c = from_der("utf8", "Example");

    g_assert_cmpint(meishi_name_compare(a, b), ==, MEISHI_NAME_EQUAL);
    g_assert_cmpint(meishi_name_compare(a, c), ==, MEISHI_NAME_NORMALISED);
    g_assert_cmpint(meishi_name_compare(a, NULL), ==, MEISHI_NAME_DIFFERENT);
    g_assert_cmpint(meishi_name_compare(NULL, NULL), ==, MEISHI_NAME_DIFFERENT);
}

static void
test_find(void)
{
    g_autoptr(MeishiName) name = meishi_name_parse("CN=inner,OU=x,CN=outer", NULL, NULL);

    g_assert_cmpstr(meishi_name_find(name, "2.5.4.3")->value, ==, "inner");
    g_assert_null(meishi_name_find(name, "2.5.4.10"));
    g_assert_null(meishi_name_find(NULL, "2.5.4.3"));
}

static void
test_bounds(void)
{
    g_autoptr(GString) text = g_string_new("CN=a");
    g_autofree char *lengthy = g_strnfill(MEISHI_NAME_MAX_TEXT, 'a');
    g_autofree char *too_long = g_strconcat("CN=", lengthy, NULL);

    for (guint i = 0; i < MEISHI_NAME_MAX_ATTRIBUTES; i++)
        g_string_append(text, ",CN=a");
    g_assert_null(meishi_name_parse(text->str, NULL, NULL));
    g_assert_null(meishi_name_parse(too_long, NULL, NULL));
}

static void
test_oid(void)
{
    g_assert_true(meishi_name_type_is_oid("1.3.6.1.5.5.7.3.2"));
    g_assert_true(meishi_name_type_is_oid("2.5.29.37.0"));
    g_assert_false(meishi_name_type_is_oid("1"));
    g_assert_false(meishi_name_type_is_oid("3.1"));
    g_assert_false(meishi_name_type_is_oid("1..2"));
    g_assert_false(meishi_name_type_is_oid("1.2."));
    g_assert_false(meishi_name_type_is_oid("1.02"));
    g_assert_false(meishi_name_type_is_oid(""));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(good); i++) {
        g_autofree char *path = g_strconcat("/policy/name/parse/", good[i].name, NULL);

        g_test_add_data_func(path, &good[i], test_good);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *path = g_strconcat("/policy/name/refuse/", bad[i].name, NULL);

        g_test_add_data_func(path, &bad[i], test_bad);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(pairs); i++) {
        g_autofree char *path = g_strconcat("/policy/name/compare/", pairs[i].name, NULL);

        g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_pair);
    }
    g_test_add_func("/policy/name/compare/rfc5280-8/der-first", test_der_first);
    g_test_add_func("/policy/name/find", test_find);
    g_test_add_func("/policy/name/bounds", test_bounds);
    g_test_add_func("/policy/name/oid", test_oid);
    return g_test_run();
}
