/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * cli/tls-hello.c: what is said to which server, and reading a status line.
 */
#include "cli/tls-hello.h"

#include <string.h>

static char *
hello_for(const char *text)
{
    g_autoptr(MeishiTarget) target = meishi_target_parse(text, NULL);
    g_autoptr(GBytes) hello = meishi_tls_hello_make(target);
    gsize len;
    const char *data = g_bytes_get_data(hello, &len);

    return g_strndup(data != NULL ? data : "", len);
}

static void
test_http(void)
{
    const struct {
        const char *target, *first, *host;
    } rows[] = {
        {"https://example.com/a?b", "HEAD /a?b HTTP/1.1\r\n", "\r\nHost: example.com\r\n"},
        {"example.com:8443", "HEAD / HTTP/1.1\r\n", "\r\nHost: example.com:8443\r\n"},
        {"[2001:db8::1]:8443", "HEAD / HTTP/1.1\r\n", "\r\nHost: [2001:db8::1]:8443\r\n"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *hello = hello_for(rows[i].target);

        g_assert_true(g_str_has_prefix(hello, rows[i].first));
        g_assert_nonnull(strstr(hello, rows[i].host));
        g_assert_true(g_str_has_suffix(hello, "\r\n\r\n"));
    }
}

/* A server that greets by itself must not be talked to first (RFC 5321 3.1). */
static void
test_others(void)
{
    const struct {
        const char *target, *hello;
    } rows[] = {
        {"smtp://a", "NOOP\r\n"}, {"smtps://a", ""}, {"imap://a", "m2 NOOP\r\n"}, {"imaps://a", ""},
        {"pop3://a", "CAPA\r\n"}, {"pop3s://a", ""}, {"tls://a:1", ""},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *hello = hello_for(rows[i].target);

        g_assert_cmpstr(hello, ==, rows[i].hello);
    }
}

/* RFC 4511 5.1: definite lengths that fit. */
static void
test_ldap(void)
{
    g_autoptr(MeishiTarget) target = meishi_target_parse("ldaps://a", NULL);
    g_autoptr(GBytes) hello = meishi_tls_hello_make(target);
    gsize len;
    const guint8 *data = g_bytes_get_data(hello, &len);

    g_assert_cmpuint(len, ==, 44);
    g_assert_cmphex(data[0], ==, 0x30);
    g_assert_cmpuint(data[1], ==, len - 2);
    g_assert_cmphex(data[5], ==, 0x63); /* behind messageID 2 */
    g_assert_cmpuint(data[6], ==, len - 7);
}

static guint
status_of(const char *text)
{
    g_autoptr(GByteArray) answer = g_byte_array_new();

    g_byte_array_append(answer, (const guint8 *)text, (guint)strlen(text));
    return meishi_tls_hello_http_status(answer);
}

static void
test_status(void)
{
    g_assert_cmpuint(status_of("HTTP/1.1 200 OK\r\n"), ==, 200);
    g_assert_cmpuint(status_of("HTTP/1.0 403\r\n"), ==, 403);
    g_assert_cmpuint(status_of("HTTP/1.1 4030 x\r\n"), ==, 0);
    g_assert_cmpuint(status_of("HTTP/1.1 OK\r\n"), ==, 0);
    g_assert_cmpuint(status_of("HTTP/1.1"), ==, 0);
    g_assert_cmpuint(status_of("220 smtp\r\n"), ==, 0);
    g_assert_cmpuint(status_of(""), ==, 0);
}

static void
test_patience(void)
{
    g_autoptr(MeishiTarget) web = meishi_target_parse("a", NULL);
    g_autoptr(MeishiTarget) other = meishi_target_parse("tls://a:1", NULL);

    g_assert_cmpint(meishi_tls_hello_patience(web, 10000000), ==, 5000000);
    g_assert_cmpint(meishi_tls_hello_patience(other, 10000000), ==, 2000000);
    g_assert_cmpint(meishi_tls_hello_patience(other, 1000000), ==, 500000);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli/tls-hello/http", test_http);
    g_test_add_func("/cli/tls-hello/others", test_others);
    g_test_add_func("/cli/tls-hello/ldap", test_ldap);
    g_test_add_func("/cli/tls-hello/status", test_status);
    g_test_add_func("/cli/tls-hello/patience", test_patience);
    return g_test_run();
}
