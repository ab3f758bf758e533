/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * cli/policy-hosts.c: lines and options, to requests.
 */
#include "cli/policy-hosts.h"

#include "cli/error.h"

#include <string.h>

/* A line, and how its request is written again; NULL where it is refused. */
static const struct {
    const char *line, *name;
    MeishiTrust trust;
} lines[] = {
    {"a.example", "a.example:443 https", MEISHI_TRUST_ANY},
    {"  a.example:8443\thttps  ", "a.example:8443 https", MEISHI_TRUST_ANY},
    {"A.Example imap", "a.example:443 imap", MEISHI_TRUST_ANY},
    {"mail.example:993", "mail.example:993 imap", MEISHI_TRUST_ANY},
    {"https://a.example:1/x", "a.example:1 https", MEISHI_TRUST_ANY},
    {"[2001:db8::1]:9", "[2001:db8::1]:9 https", MEISHI_TRUST_ANY},
    {"a.example app=exe:/usr/bin/curl", "a.example:443 https app=exe:/usr/bin/curl",
     MEISHI_TRUST_EXE},
    {"a.example app=unit:x.service https", "a.example:443 https app=unit:x.service",
     MEISHI_TRUST_UNIT},
    {"a.example app=flatpak:org.x", "a.example:443 https app=flatpak:org.x", MEISHI_TRUST_SANDBOX},
    {"a.example https imap", NULL, 0},
    {"a.example app=curl", NULL, 0},
    {"a.example:99999", NULL, 0},
};

static void
test_lines(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_autofree char *text = g_strdup_printf("# a comment\n\n%s\r\n", lines[i].line);
        g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) requests = meishi_policy_hosts_read(bytes, "hosts", &error);
        g_autofree char *name = NULL;

        g_test_message("%s", lines[i].line);
        if (lines[i].name == NULL) {
            g_assert_null(requests);
            g_assert_true(g_str_has_prefix(error->message, "hosts:3: "));
            continue;
        }
        g_assert_no_error(error);
        g_assert_cmpuint(requests->len, ==, 1);
        name = meishi_policy_hosts_name(requests->pdata[0]);
        g_assert_cmpstr(name, ==, lines[i].name);
        g_assert_cmpint(((MeishiRequest *)requests->pdata[0])->trust, ==, lines[i].trust);
    }
}

static void
test_options(void)
{
    const MeishiPolicyTarget target = {.host = "a.example",
                                       .port = 25,
                                       .protocol = "smtp",
                                       .application = "exe:/usr/bin/mail",
                                       .trust = "unit"};
    const MeishiPolicyTarget wrong = {.host = "a.example", .trust = "full"};
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiRequest) request = meishi_policy_hosts_request(&target, &error);

    g_assert_no_error(error);
    g_assert_cmpuint(request->port, ==, 25);
    g_assert_cmpstr(request->protocol, ==, "smtp");
    g_assert_cmpint(request->trust, ==, MEISHI_TRUST_UNIT);
    g_assert_null(meishi_policy_hosts_request(&wrong, &error));
    g_assert_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_USAGE);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli/policy-hosts/lines", test_lines);
    g_test_add_func("/cli/policy-hosts/options", test_options);
    return g_test_run();
}
