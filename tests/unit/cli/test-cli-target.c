/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * cli/target.c: what people type for a server.
 */
#include "cli/error.h"
#include "cli/target.h"

static void
test_reads(void)
{
    const struct {
        const char *text, *protocol, *name;
        gboolean starttls;
        const char *path;
    } rows[] = {
        {"example.com", "https", "example.com:443", FALSE, "/"},
        {"EXAMPLE.com.", "https", "example.com:443", FALSE, "/"},
        {"example.com:8443", "https", "example.com:8443", FALSE, "/"},
        {"example.com:993", "imap", "example.com:993", FALSE, "/"},
        {"example.com:143", "imap", "example.com:143", TRUE, "/"},
        {"example.com:25", "smtp", "example.com:25", TRUE, "/"},
        {"example.com:587", "smtp", "example.com:587", TRUE, "/"},
        {"example.com:465", "smtp", "example.com:465", FALSE, "/"},
        {"example.com:389", "ldap", "example.com:389", TRUE, "/"},
        {"example.com:636", "ldap", "example.com:636", FALSE, "/"},
        {"bücher.example", "https", "xn--bcher-kva.example:443", FALSE, "/"},
        {"192.0.2.1:8443", "https", "192.0.2.1:8443", FALSE, "/"},
        {"[2001:DB8::1]:8443", "https", "[2001:db8::1]:8443", FALSE, "/"},
        {"[2001:db8::1]", "https", "[2001:db8::1]:443", FALSE, "/"},
        {"2001:db8::1", "https", "[2001:db8::1]:443", FALSE, "/"},
        {"https://example.com", "https", "example.com:443", FALSE, "/"},
        {"HTTPS://example.com/a/b?c=d#e", "https", "example.com:443", FALSE, "/a/b?c=d"},
        {"https://example.com?q", "https", "example.com:443", FALSE, "/?q"},
        {"https://[2001:db8::1]:8443/x", "https", "[2001:db8::1]:8443", FALSE, "/x"},
        {"https://alice:secret@example.com/", "https", "example.com:443", FALSE, "/"},
        {"https://example.com@evil.example/", "https", "evil.example:443", FALSE, "/"},
        {"wss://example.com", "wss", "example.com:443", FALSE, "/"},
        {"imap://example.com", "imap", "example.com:143", TRUE, "/"},
        {"imaps://example.com:1993", "imap", "example.com:1993", FALSE, "/"},
        {"smtp://example.com", "smtp", "example.com:25", TRUE, "/"},
        {"submission://example.com", "smtp", "example.com:587", TRUE, "/"},
        {"pop3://example.com", "pop", "example.com:110", TRUE, "/"},
        {"ldap://example.com:3890", "ldap", "example.com:3890", TRUE, "/"},
        {"ldaps://example.com", "ldap", "example.com:636", FALSE, "/"},
        {"tls://example.com:4433", "tls", "example.com:4433", FALSE, "/"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(MeishiTarget) target = meishi_target_parse(rows[i].text, &error);
        g_autofree char *name = NULL;

        g_assert_no_error(error);
        name = meishi_target_name(target);
        g_assert_cmpstr(name, ==, rows[i].name);
        g_assert_cmpstr(target->protocol, ==, rows[i].protocol);
        g_assert_cmpint(target->starttls, ==, rows[i].starttls);
        g_assert_cmpstr(target->path, ==, rows[i].path);
    }
}

static void
test_refuses(void)
{
    const struct {
        const char *text, *says;
    } rows[] = {
        {"", "*it is empty*"},
        {":443", "*it is empty*"},
        {"example.com:", "*a port is a number*"},
        {"example.com:0", "*a port is a number*"},
        {"example.com:65536", "*a port is a number*"},
        {"example.com:https", "*a port is a number*"},
        {"example.com/path", "*leave out the path*"},
        {"exa mple.com", "*character*"},
        {"[2001:db8::1", "*bracket*"},
        {"[example.com]:443", "*brackets hold an IPv6 address*"},
        {"[2001:db8::1]443", "*bracket*"},
        {"1.2.3", "*ends in a number*"},
        {"http://example.com", "*has no TLS*https://*"},
        {"gopher://example.com", "*schemes known here*"},
        {"https://", "*it is empty*"},
        {"https://example.com/a b", "*path has blanks*"},
        {"https://example.com/a\r\nHost: evil", "*path has blanks*"},
        {"tls://example.com", "*needs a port*"},
        {"ssid:a:b", "*network's name*"},
        {"example.com\377", "*not UTF-8*"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(MeishiTarget) target = meishi_target_parse(rows[i].text, &error);

        g_assert_null(target);
        g_assert_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_USAGE);
        g_test_message("%s", error->message);
        g_assert_true(g_pattern_match_simple(rows[i].says, error->message));
    }
}

static void
test_kinds(void)
{
    g_autoptr(MeishiTarget) web = meishi_target_parse("wss://192.0.2.1", NULL);
    g_autoptr(MeishiTarget) mail = meishi_target_parse("imaps://example.com", NULL);

    g_assert_true(meishi_target_is_web(web));
    g_assert_true(web->is_address);
    g_assert_false(meishi_target_is_web(mail));
    g_assert_false(mail->is_address);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli/target/reads", test_reads);
    g_test_add_func("/cli/target/refuses", test_refuses);
    g_test_add_func("/cli/target/kinds", test_kinds);
    return g_test_run();
}
