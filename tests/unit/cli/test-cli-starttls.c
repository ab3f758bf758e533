/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * cli/starttls.c: a server whose words lie ready in a socket, and what it got in return.  What it
 * says is there before we ask, so the order of reading is tested as well.
 */
#include "cli/error.h"
#include "cli/starttls.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LDAP_REQUEST                       \
    "\x30\x1d\x02\x01\x01\x77\x18\x80\x16" \
    "1.3.6.1.4.1.1466.20037"
#define LDAP_OK      "\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00"
#define LDAP_REFUSES "\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x02\x04\x00\x04\x00"
/* As OpenLDAP may write it, with long lengths. */
#define LDAP_LONG \
    "\x30\x84\x00\x00\x00\x10\x02\x01\x01\x78\x84\x00\x00\x00\x07\x0a\x01\x00\x04\x00\x04\x00"

typedef struct {
    GSocket *client;
    int server;
} Pair;

static void
pair_open(Pair *pair, const char *words, gsize len)
{
    int fds[2];

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
    pair->client = g_socket_new_from_fd(fds[0], NULL);
    g_assert_nonnull(pair->client);
    g_socket_set_blocking(pair->client, FALSE);
    pair->server = fds[1];
    g_assert_cmpint(write(pair->server, words, len), ==, (gssize)len);
    /* The server says no more. */
    g_assert_cmpint(shutdown(pair->server, SHUT_WR), ==, 0);
}

/* All that the client sent; new. */
static char *
pair_close(Pair *pair, char **ret_unread)
{
    char sent[4096], unread[4096];
    gssize n_unread = g_socket_receive(pair->client, unread, sizeof unread, NULL, NULL);
    gssize n_sent;

    g_socket_shutdown(pair->client, FALSE, TRUE, NULL);
    n_sent = recv(pair->server, sent, sizeof sent, MSG_WAITALL);
    *ret_unread = g_strndup(unread, (gsize)MAX(n_unread, 0));
    g_object_unref(pair->client);
    close(pair->server);
    return g_strndup(sent, (gsize)MAX(n_sent, 0));
}

static gboolean
run(Pair *pair, const char *protocol, GError **error)
{
    MeishiTarget target = {.protocol = (char *)protocol,
                           .host = (char *)"mail.example.com",
                           .port = 25,
                           .starttls = TRUE};

    return meishi_starttls_run(pair->client, &target, g_get_monotonic_time() + 5 * G_USEC_PER_SEC,
                               error);
}

static void
test_agrees(void)
{
    const struct {
        const char *protocol, *words;
        gsize len;
        const char *sent;
    } rows[] = {
#define SAYS(text) text, sizeof(text) - 1
        {"smtp",
         SAYS("220 mail.example.com ESMTP\r\n"
              "250-mail.example.com\r\n250-SIZE 1000\r\n250-StartTLS\r\n250 HELP\r\n"
              "220 go ahead\r\n"),
         "EHLO [127.0.0.1]\r\nSTARTTLS\r\n"},
        {"smtp", SAYS("220-long\r\n220-greeting\r\n220 end\n250 STARTTLS\n220\n"),
         "EHLO [127.0.0.1]\r\nSTARTTLS\r\n"},
        {"imap", SAYS("* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\nm1 OK now\r\n"),
         "m1 STARTTLS\r\n"},
        {"imap", SAYS("* ok ready\r\n* CAPABILITY IMAP4rev1\r\n* BYE not yet\r\nM1 ok now\r\n"),
         "m1 STARTTLS\r\n"},
        {"pop", SAYS("+OK ready\r\n+OK now\r\n"), "STLS\r\n"},
        {"ldap", SAYS(LDAP_OK), LDAP_REQUEST},
        {"ldap", SAYS(LDAP_LONG), LDAP_REQUEST},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *sent = NULL, *unread = NULL;
        Pair pair;

        pair_open(&pair, rows[i].words, rows[i].len);
        g_test_message("%s %" G_GSIZE_FORMAT, rows[i].protocol, i);
        g_assert_true(run(&pair, rows[i].protocol, &error));
        g_assert_no_error(error);
        sent = pair_close(&pair, &unread);
        g_assert_cmpstr(sent, ==, rows[i].sent);
        g_assert_cmpstr(unread, ==, "");
    }
}

/* CVE-2011-0411 and its kin: what stands behind the consent is left to TLS, which chokes on it. */
static void
test_reads_no_further(void)
{
    static const char words[] = "220 a\r\n250 STARTTLS\r\n220 go\r\n250 injected\r\n";
    g_autofree char *sent = NULL, *unread = NULL;
    Pair pair;

    pair_open(&pair, words, sizeof(words) - 1);
    g_assert_true(run(&pair, "smtp", NULL));
    sent = pair_close(&pair, &unread);
    g_assert_cmpstr(unread, ==, "250 injected\r\n");
}

static void
test_refuses(void)
{
    g_autofree char *line = g_strnfill(3000, 'x');
    g_autoptr(GString) lines = g_string_new("220 a\r\n");
    const struct {
        const char *protocol, *words;
        gsize len;
        const char *says;
    } rows[] = {
        {"smtp", SAYS(""), "*closed the connection before TLS*"},
        {"smtp", SAYS("220 a\r\n250-b\r\n"), "*closed the connection before TLS*"},
        {"smtp", SAYS("554 no\r\n"), "*does not go on to TLS*it said “554 no”*"},
        {"smtp", SAYS("220 a\r\n250 HELP\r\n"), "*offers no STARTTLS*"},
        {"smtp", SAYS("220 a\r\n250 STARTTLSX\r\n"), "*offers no STARTTLS*"},
        {"smtp", SAYS("220 a\r\n250 STARTTLS\r\n454 not now\r\n"), "*454 not now*"},
        {"smtp", SAYS("2201 a\r\n"), "*2201 a*"},
        {"smtp", SAYS("\0\0\r\n"), "*it said “??”*"},
        {"imap", SAYS("* PREAUTH welcome\r\n"), "*does not greet as IMAP*PREAUTH*"},
        {"imap", SAYS("* OK\r\nm1 BAD what\r\n"), "*refuses STARTTLS*m1 BAD what*"},
        {"imap", SAYS("220 smtp.example.com\r\n"), "*does not greet as IMAP*"},
        {"pop", SAYS("-ERR\r\n"), "*does not greet as POP3*"},
        {"pop", SAYS("+OK\r\n-ERR no TLS\r\n"), "*refuses STLS*-ERR no TLS*"},
        {"ldap", SAYS(LDAP_REFUSES), "*LDAP result code 2*"},
        {"ldap", SAYS("HTTP/1.1 400\r\n"), "*does not answer as LDAP*"},
        {"ldap", SAYS("\x30\x80\x02\x01\x01"), "*does not answer as LDAP*"},
        {"ldap", SAYS("\x30\x84\xff\xff\xff\xff\x02"), "*does not answer as LDAP*"},
        {"ldap", SAYS("\x30\x05\x02\x01\x01\x78\x00"), "*does not answer as LDAP*"},
        {"ldap", SAYS("\x30\x06\x02\x01\x01\x78\xff\x00"), "*does not answer as LDAP*"},
        {"ldap", SAYS("\x30\x0c\x02\x01\x07\x78\x07\x0a\x01\x00\x04\x00\x04\x00"),
         "*does not answer as LDAP*"},
        {"ldap", SAYS("\x30\x0c\x02\x01"), "*closed the connection before TLS*"},
        {"xmpp", SAYS(""), "*has no STARTTLS*"},
        {"smtp", line, 3000, "*line without end*"},
        {"smtp", NULL, 0, "*talks without end*"},
    };

    for (guint i = 0; i < 200; i++)
        g_string_append(lines, "250-more\r\n");
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *sent = NULL, *unread = NULL;
        Pair pair;

        if (rows[i].words != NULL)
            pair_open(&pair, rows[i].words, rows[i].len);
        else
            pair_open(&pair, lines->str, lines->len);
        g_assert_false(run(&pair, rows[i].protocol, &error));
        g_assert_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_FAILED);
        g_test_message("%s", error->message);
        g_assert_true(g_pattern_match_simple(rows[i].says, error->message));
        sent = pair_close(&pair, &unread);
    }
}

/* A server that says nothing does not hold us. */
static void
test_gives_up(void)
{
    MeishiTarget target = {
        .protocol = (char *)"imap", .host = (char *)"a", .port = 143, .starttls = TRUE};
    g_autoptr(GError) error = NULL;
    g_autoptr(GSocket) client = NULL;
    int fds[2];

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
    client = g_socket_new_from_fd(fds[0], NULL);
    g_socket_set_blocking(client, FALSE);
    g_assert_false(meishi_starttls_run(client, &target, g_get_monotonic_time() + 20000, &error));
    g_assert_nonnull(strstr(error->message, "did not answer in time"));
    close(fds[1]);
}

/* Nor does one that always has something more to say. */
static void
test_gives_up_on_talkers(void)
{
    static const char words[] = "* OK ready\r\n* and more\r\n* and more\r\n";
    MeishiTarget target = {
        .protocol = (char *)"imap", .host = (char *)"a", .port = 143, .starttls = TRUE};
    g_autoptr(GError) error = NULL;
    g_autofree char *sent = NULL, *unread = NULL;
    Pair pair;

    pair_open(&pair, words, sizeof(words) - 1);
    g_assert_false(meishi_starttls_run(pair.client, &target, g_get_monotonic_time() - 1, &error));
    g_assert_nonnull(strstr(error->message, "did not answer in time"));
    sent = pair_close(&pair, &unread);
    g_assert_cmpstr(unread, ==, words);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli/starttls/agrees", test_agrees);
    g_test_add_func("/cli/starttls/reads-no-further", test_reads_no_further);
    g_test_add_func("/cli/starttls/refuses", test_refuses);
    g_test_add_func("/cli/starttls/gives-up", test_gives_up);
    g_test_add_func("/cli/starttls/gives-up-on-talkers", test_gives_up_on_talkers);
    return g_test_run();
}
