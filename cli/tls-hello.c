/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The first words inside TLS; see tls-hello.h.  Nothing here logs in, writes, or asks for more than
 * a server tells everybody.
 */
#include "cli/tls-hello.h"

#include "config.h"

#include <string.h>

/* What a server that needs no answer may take for its tickets and alerts. */
#define QUIET_US (2 * G_USEC_PER_SEC)

/* LDAPMessage 2, SearchRequest for the root DSE (RFC 4512 5.1): base object "", scope base, never
 * dereference, size limit 1, no time limit, types only, (objectClass=*), attribute 1.1. */
static const char ldap_search[] = "\x30\x2a\x02\x01\x02\x63\x25\x04\x00\x0a\x01\x00\x0a\x01\x00\x02"
                                  "\x01\x01\x02\x01\x00\x01\x01\xff\x87\x0bobjectClass\x30\x05\x04"
                                  "\x03"
                                  "1.1";

static GBytes *
make_http(const MeishiTarget *target)
{
    gboolean is_v6 = strchr(target->host, ':') != NULL;
    gboolean is_usual = target->port == 443;
    g_autofree char *port = is_usual ? g_strdup("") : g_strdup_printf(":%u", target->port);
    char *text =
        g_strdup_printf("HEAD %s HTTP/1.1\r\nHost: %s%s%s%s\r\n"
                        "User-Agent: meishi/" MEISHI_VERSION "\r\n"
                        "Accept: */*\r\nConnection: close\r\n\r\n",
                        target->path, is_v6 ? "[" : "", target->host, is_v6 ? "]" : "", port);

    return g_bytes_new_take(text, strlen(text));
}

GBytes *
meishi_tls_hello_make(const MeishiTarget *target)
{
    static const struct {
        const char *protocol, *text;
        gsize len;
        gboolean only_starttls; /* the server has greeted already */
    } rows[] = {
        {"smtp", "NOOP\r\n", 6, TRUE},
        {"imap", "m2 NOOP\r\n", 9, TRUE},
        {"pop", "CAPA\r\n", 6, TRUE},
        {"ldap", ldap_search, sizeof(ldap_search) - 1, FALSE},
    };

    if (meishi_target_is_web(target))
        return make_http(target);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (g_str_equal(rows[i].protocol, target->protocol) &&
            (target->starttls || !rows[i].only_starttls))
            return g_bytes_new_static(rows[i].text, rows[i].len);
    }
    return g_bytes_new_static("", 0);
}

/* Whoever asks for a certificate for what was requested, or refuses one, does so well within that;
 * and some servers answer no HEAD. */
gint64
meishi_tls_hello_patience(const MeishiTarget *target, gint64 timeout)
{
    gint64 patience = timeout / 2;

    return g_str_equal(target->protocol, "tls") ? MIN(patience, QUIET_US) : patience;
}

guint
meishi_tls_hello_http_status(const GByteArray *answer)
{
    g_autofree char *text =
        answer->len > 0 ? g_strndup((const char *)answer->data, answer->len) : g_strdup("");
    const char *blank = g_str_has_prefix(text, "HTTP/1.") ? strchr(text, ' ') : NULL;

    if (blank == NULL || strspn(blank + 1, "0123456789") != 3)
        return 0;
    return (guint)g_ascii_strtoull(blank + 1, NULL, 10);
}
