/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Hosts in their normal form, patterns, ports.
 */
#include "daemon/policy/host.h"

#include "daemon/base/error.h"

static const struct {
    const char *name, *text, *normal;
    MeishiHostKind kind;
} hosts[] = {
    {"rfc5280-7.2/lower-case", "WWW.Example.COM", "www.example.com", MEISHI_HOST_NAME},
    {"trailing-dot", "www.example.com.", "www.example.com", MEISHI_HOST_NAME},
    {"rfc5280-7.2/a-label", "bücher.example", "xn--bcher-kva.example", MEISHI_HOST_NAME},
    {"a-label-stays", "xn--bcher-kva.example", "xn--bcher-kva.example", MEISHI_HOST_NAME},
    {"upper-a-label", "XN--BCHER-KVA.example", "xn--bcher-kva.example", MEISHI_HOST_NAME},
    {"japanese", "例え.jp", "xn--r8jz45g.jp", MEISHI_HOST_NAME},
    {"single-label", "localhost", "localhost", MEISHI_HOST_NAME},
    {"underscore", "my_host.lan", "my_host.lan", MEISHI_HOST_NAME},
    {"ipv4", "192.0.2.1", "192.0.2.1", MEISHI_HOST_IPV4},
    {"rfc5952/ipv6", "2001:DB8:0:0:0:0:0:1", "2001:db8::1", MEISHI_HOST_IPV6},
    {"ipv6-in-brackets", "[::1]", "::1", MEISHI_HOST_IPV6},
    {"ipv4-mapped", "::ffff:192.0.2.1", "192.0.2.1", MEISHI_HOST_IPV4},
    {"rfc4007/zone", "fe80::1%eth0", "fe80::1%eth0", MEISHI_HOST_IPV6},
    {"ssid", "ssid:Example Corp", "ssid:Example Corp", MEISHI_HOST_SSID},
};

static void
test_host(gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE(data);
    g_autoptr(GError) error = NULL;
    g_auto(MeishiHost) host = {0}, again = {0};

    g_assert_true(meishi_host_parse(hosts[i].text, &host, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(host.text, ==, hosts[i].normal);
    g_assert_cmpint(host.kind, ==, hosts[i].kind);
    g_assert_true(meishi_host_parse(host.text, &again, NULL));
    g_assert_cmpstr(again.text, ==, host.text);
}

static const struct {
    const char *name, *text;
} bad[] = {
    {"empty", ""},
    {"dot", "."},
    {"two-dots", "a..b"},
    {"leading-dot", ".a"},
    {"scheme", "https://a.example"},
    {"path", "a.example/x"},
    {"query", "a.example?x"},
    {"port", "a.example:443"},
    {"user", "me@a.example"},
    {"space", "a b"},
    {"star", "*.a.example"},
    {"hyphen", "-a.example"},
    {"not-utf8", "\xff.example"},
    {"old-ipv4", "127.1"},
    {"ipv4-too-large", "256.1.1.1"},
    {"open-bracket", "[::1"},
    {"name-in-brackets", "[a]"},
    {"bad-zone", "fe80::1%"},
    {"label-too-long", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example"},
    {"ssid-empty", "ssid:"},
    {"ssid-too-long", "ssid:123456789012345678901234567890123"},
};

static void
test_bad(gconstpointer data)
{
    const char *const *row = data;
    g_auto(MeishiHost) host = {0};
    g_autoptr(GError) error = NULL;

    g_assert_false(meishi_host_parse(row[1], &host, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT);
    g_assert_true(g_utf8_validate(error->message, -1, NULL));
}

#define NO      MEISHI_FIT_NO
#define YES     MEISHI_FIT_YES
#define UNKNOWN MEISHI_FIT_UNKNOWN

/* "-" is a host that nobody knows. */
static const struct {
    const char *name, *patterns, *host;
    MeishiFit fit;
} matches[] = {
    {"exact", "a.example", "a.example", YES},
    {"exact/other", "a.example", "b.example", NO},
    {"exact/below", "a.example", "x.a.example", NO},
    {"exact/utf8", "bücher.example", "xn--bcher-kva.example", YES},
    {"below/one-label", "*.a.example", "x.a.example", YES},
    {"below/more-labels", "*.a.example", "x.y.a.example", YES},
    {"below/not-itself", "*.a.example", "a.example", NO},
    {"below/not-a-suffix-of-a-label", "*.a.example", "xa.example", NO},
    {"domain/itself", ".a.example", "a.example", YES},
    {"domain/below", ".a.example", "x.a.example", YES},
    {"domain/other", ".a.example", "xa.example", NO},
    {"any", "*", "a.example", YES},
    {"any/address", "*", "192.0.2.1", YES},
    {"net/inside", "192.0.2.0/24", "192.0.2.255", YES},
    {"net/outside", "192.0.2.0/24", "192.0.3.0", NO},
    {"net/odd-length", "10.0.0.0/9", "10.127.255.255", YES},
    {"net/odd-length-outside", "10.0.0.0/9", "10.128.0.0", NO},
    {"net/all", "0.0.0.0/0", "203.0.113.7", YES},
    {"net/other-family", "0.0.0.0/0", "2001:db8::1", NO},
    {"net/ipv6", "2001:db8::/32", "2001:db8:ffff::1", YES},
    {"net/mapped", "192.0.2.0/24", "::ffff:192.0.2.9", YES},
    {"net/name", "192.0.2.0/24", "a.example", NO},
    {"address", "192.0.2.1", "192.0.2.1", YES},
    {"ssid", "ssid:Corp", "ssid:Corp", YES},
    {"ssid/case", "ssid:Corp", "ssid:corp", NO},
    {"list", "a.example b.example", "b.example", YES},
    {"exclude/wins", "*.example !a.example", "a.example", NO},
    {"exclude/order-is-nothing", "!a.example *.example", "a.example", NO},
    {"exclude/others", "*.example !a.example", "b.example", YES},
    {"exclude/only-means-everything-else", "!*.go.jp !*.lg.jp", "a.example", YES},
    {"exclude/only", "!*.go.jp !*.lg.jp", "www.x.go.jp", NO},
    {"empty-list", "", "a.example", YES},
    {"unknown/empty-list", "", "-", YES},
    {"unknown/any", "*", "-", YES},
    {"unknown/named", "a.example", "-", UNKNOWN},
    {"unknown/excluded", "!a.example", "-", UNKNOWN},
    {"unknown/any-but", "* !a.example", "-", UNKNOWN},
};

static void
test_match(gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE(data);
    g_autoptr(GPtrArray) patterns =
        g_ptr_array_new_with_free_func((GDestroyNotify)meishi_host_pattern_free);
    g_auto(GStrv) words = g_strsplit(matches[i].patterns, " ", -1);
    g_auto(MeishiHost) host = {0};
    g_autoptr(GError) error = NULL;

    for (char **word = words; *word; word++) {
        g_ptr_array_add(patterns, meishi_host_pattern_parse(*word, &error));
        g_assert_no_error(error);
    }
    if (*matches[i].host != '-')
        g_assert_true(meishi_host_parse(matches[i].host, &host, NULL));
    g_assert_cmpint(meishi_host_list_match(patterns, &host, NULL), ==, matches[i].fit);
}

static const struct {
    const char *name, *text;
} bad_patterns[] = {
    {"empty", ""},
    {"bang", "!"},
    {"scheme", "https://a.example"},
    {"scheme-and-star", "https://*.a.example"},
    {"path", "a.example/x"},
    {"inner-star", "a.*.example"},
    {"star-in-label", "w*.a.example"},
    {"two-stars", "*.*.example"},
    {"below-an-address", "*.192.0.2.1"},
    {"dot-address", ".192.0.2.1"},
    {"prefix-too-long", "192.0.2.0/33"},
    {"prefix-not-a-number", "192.0.2.0/x"},
    {"host-bits", "192.0.2.1/24"},
    {"chromium", "[*.]a.example"},
};

static void
test_bad_pattern(gconstpointer data)
{
    const char *const *row = data;
    g_autoptr(GError) error = NULL;

    g_assert_null(meishi_host_pattern_parse(row[1], &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT);
}

static guint
specific(const char *text, const char *host_text)
{
    g_autoptr(GPtrArray) patterns =
        g_ptr_array_new_with_free_func((GDestroyNotify)meishi_host_pattern_free);
    g_auto(MeishiHost) host = {0};
    guint result = 0;

    g_ptr_array_add(patterns, meishi_host_pattern_parse(text, NULL));
    g_assert_true(meishi_host_parse(host_text, &host, NULL));
    g_assert_cmpint(meishi_host_list_match(patterns, &host, &result), ==, MEISHI_FIT_YES);
    return result;
}

/* Exact, then the longest suffix, then any. */
static void
test_specific(void)
{
    g_assert_cmpuint(specific("x.a.example", "x.a.example"), >,
                     specific("*.a.example", "x.a.example"));
    g_assert_cmpuint(specific("*.a.example", "x.a.example"), >,
                     specific(".example", "x.a.example"));
    g_assert_cmpuint(specific(".example", "x.a.example"), >, specific("*", "x.a.example"));
    g_assert_cmpuint(specific("10.1.0.0/16", "10.1.2.3"), >, specific("10.0.0.0/8", "10.1.2.3"));
    g_assert_cmpuint(specific("10.1.2.3", "10.1.2.3"), >, specific("10.1.2.3/32", "10.1.2.3"));
}

static void
test_ports(void)
{
    MeishiPortRange range;

    g_assert_true(meishi_host_port_parse("8443-8449", &range, NULL));
    g_assert_cmpuint(range.low, ==, 8443);
    g_assert_cmpuint(range.high, ==, 8449);
    g_assert_true(meishi_host_port_parse("0", &range, NULL));
    g_assert_false(meishi_host_port_parse("65536", &range, NULL));
    g_assert_false(meishi_host_port_parse("9-8", &range, NULL));
    g_assert_false(meishi_host_port_parse("1-", &range, NULL));
    g_assert_false(meishi_host_port_parse("-1", &range, NULL));
    g_assert_false(meishi_host_port_parse("01", &range, NULL));
    g_assert_false(meishi_host_port_parse("", &range, NULL));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(hosts); i++) {
        g_autofree char *path = g_strconcat("/policy/host/normal/", hosts[i].name, NULL);

        g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_host);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *path = g_strconcat("/policy/host/refuse/", bad[i].name, NULL);

        g_test_add_data_func(path, &bad[i], test_bad);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(matches); i++) {
        g_autofree char *path = g_strconcat("/policy/host/match/", matches[i].name, NULL);

        g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_match);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(bad_patterns); i++) {
        g_autofree char *path =
            g_strconcat("/policy/host/pattern/refuse/", bad_patterns[i].name, NULL);

        g_test_add_data_func(path, &bad_patterns[i], test_bad_pattern);
    }
    g_test_add_func("/policy/host/specific", test_specific);
    g_test_add_func("/policy/host/ports", test_ports);
    return g_test_run();
}
