/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The words in clear before TLS; see starttls.h.  Bytes are read one at a time: it is little text,
 * and reading ahead would swallow what a man in the middle put behind the server's consent.
 */
#include "cli/starttls.h"

#include "cli/connect.h"
#include "cli/error.h"

#include <string.h>

/* RFC 5321 4.5.3.1.5 allows 512 bytes; capabilities of IMAP servers are longer. */
#define MAX_LINE  2048
#define MAX_LINES 128
#define MAX_LDAP  1024

typedef struct {
    GSocket *socket;
    const MeishiTarget *target;
    gint64 deadline;
    guint n_lines;
} Dialogue;

/* ---- mistakes ------------------------------------------------------------------------------- */

static gboolean
fail(const Dialogue *dialogue, GError **error, const char *what, const char *line)
{
    g_autofree char *name = meishi_target_name(dialogue->target);
    g_autofree char *said = g_utf8_make_valid(line, -1);

    g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_FAILED, "%s %s; it said “%.200s”.", name,
                what, said);
    return FALSE;
}

static gboolean
fail_plain(const Dialogue *dialogue, GError **error, const char *what)
{
    g_autofree char *name = meishi_target_name(dialogue->target);

    g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_FAILED, "%s %s.", name, what);
    return FALSE;
}

/* ---- bytes ---------------------------------------------------------------------------------- */

static gboolean
send_bytes(Dialogue *dialogue, const void *data, gsize len, GError **error)
{
    const char *at = data;

    while (len > 0) {
        gssize n;

        if (!meishi_connect_wait(dialogue->socket, G_IO_OUT, dialogue->deadline, error))
            return FALSE;
        n = g_socket_send(dialogue->socket, at, len, NULL, NULL);
        if (n <= 0)
            return fail_plain(dialogue, error, "closed the connection before TLS began");
        at += n;
        len -= (gsize)n;
    }
    return TRUE;
}

static gboolean
send_text(Dialogue *dialogue, const char *text, GError **error)
{
    return send_bytes(dialogue, text, strlen(text), error);
}

static gboolean
read_byte(Dialogue *dialogue, char *ret_byte, GError **error)
{
    if (!meishi_connect_wait(dialogue->socket, G_IO_IN, dialogue->deadline, error))
        return FALSE;
    if (g_socket_receive(dialogue->socket, ret_byte, 1, NULL, NULL) == 1)
        return TRUE;
    return fail_plain(dialogue, error, "closed the connection before TLS began");
}

/* A line without its end. */
static gboolean
read_line(Dialogue *dialogue, GString *line, GError **error)
{
    char byte;

    g_string_truncate(line, 0);
    if (++dialogue->n_lines > MAX_LINES)
        return fail_plain(dialogue, error, "talks without end before TLS");
    for (;;) {
        if (!read_byte(dialogue, &byte, error))
            return FALSE;
        if (byte == '\n')
            break;
        if (line->len == MAX_LINE)
            return fail_plain(dialogue, error, "sends a line without end before TLS");
        /* Shown to a person, at most; and a string ends at its zero byte. */
        g_string_append_c(line, byte == '\0' ? '?' : byte);
    }
    if (line->len > 0 && line->str[line->len - 1] == '\r')
        g_string_truncate(line, line->len - 1);
    return TRUE;
}

/* ---- SMTP ----------------------------------------------------------------------------------- */

/* A reply is a line, or several with a dash behind the number in all but the last.  @keyword (may
 * be NULL): whether it stood on a line of its own. */
static gboolean
read_smtp_reply(Dialogue *dialogue, const char *code, const char *keyword, gboolean *ret_found,
                GError **error)
{
    g_autoptr(GString) line = g_string_new(NULL);
    gboolean found = FALSE;

    do {
        if (!read_line(dialogue, line, error))
            return FALSE;
        if (!g_str_has_prefix(line->str, code) || strchr(" -", line->str[3]) == NULL)
            return fail(dialogue, error, "does not go on to TLS as SMTP servers do", line->str);
        if (keyword != NULL && line->len > 4 && g_ascii_strcasecmp(line->str + 4, keyword) == 0)
            found = TRUE;
    } while (line->str[3] == '-');
    if (ret_found != NULL)
        *ret_found = found;
    return TRUE;
}

/* RFC 5321 4.1.4: a client without a name gives its address. */
static char *
greet_smtp(Dialogue *dialogue)
{
    g_autoptr(GSocketAddress) local = g_socket_get_local_address(dialogue->socket, NULL);
    GInetAddress *address = G_IS_INET_SOCKET_ADDRESS(local)
                                ? g_inet_socket_address_get_address(G_INET_SOCKET_ADDRESS(local))
                                : NULL;
    g_autofree char *text =
        address != NULL ? g_inet_address_to_string(address) : g_strdup("127.0.0.1");

    return g_strdup_printf(strchr(text, ':') != NULL ? "EHLO [IPv6:%s]\r\n" : "EHLO [%s]\r\n",
                           text);
}

static gboolean
run_smtp(Dialogue *dialogue, GError **error)
{
    g_autofree char *greeting = greet_smtp(dialogue);
    gboolean found;

    if (!read_smtp_reply(dialogue, "220", NULL, NULL, error) ||
        !send_text(dialogue, greeting, error) ||
        !read_smtp_reply(dialogue, "250", "STARTTLS", &found, error))
        return FALSE;
    if (!found)
        return fail_plain(dialogue, error, "offers no STARTTLS");
    return send_text(dialogue, "STARTTLS\r\n", error) &&
           read_smtp_reply(dialogue, "220", NULL, NULL, error);
}

/* ---- IMAP, POP3 ----------------------------------------------------------------------------- */

static gboolean
run_imap(Dialogue *dialogue, GError **error)
{
    g_autoptr(GString) line = g_string_new(NULL);

    if (!read_line(dialogue, line, error))
        return FALSE;
    if (g_ascii_strncasecmp(line->str, "* OK", 4) != 0)
        return fail(dialogue, error, "does not greet as IMAP servers do", line->str);
    if (!send_text(dialogue, "m1 STARTTLS\r\n", error))
        return FALSE;
    do {
        if (!read_line(dialogue, line, error))
            return FALSE;
    } while (g_str_has_prefix(line->str, "* "));
    return g_ascii_strncasecmp(line->str, "m1 OK", 5) == 0 ||
           fail(dialogue, error, "refuses STARTTLS", line->str);
}

static gboolean
run_pop(Dialogue *dialogue, GError **error)
{
    g_autoptr(GString) line = g_string_new(NULL);

    if (!read_line(dialogue, line, error))
        return FALSE;
    if (!g_str_has_prefix(line->str, "+OK"))
        return fail(dialogue, error, "does not greet as POP3 servers do", line->str);
    if (!send_text(dialogue, "STLS\r\n", error) || !read_line(dialogue, line, error))
        return FALSE;
    return g_str_has_prefix(line->str, "+OK") || fail(dialogue, error, "refuses STLS", line->str);
}

/* ---- LDAP ----------------------------------------------------------------------------------- */

/* LDAPMessage 1, ExtendedRequest 1.3.6.1.4.1.1466.20037 */
static const char ldap_request[] = "\x30\x1d\x02\x01\x01\x77\x18\x80\x16"
                                   "1.3.6.1.4.1.1466.20037";

/* The length of a BER value, as RFC 4511 5.1 restricts it: definite. */
static gboolean
read_ber_length(Dialogue *dialogue, gsize *ret_len, GError **error)
{
    char byte;
    guint n_bytes;
    gsize len = 0;

    if (!read_byte(dialogue, &byte, error))
        return FALSE;
    n_bytes = (guint8)byte & 0x7f;
    if (((guint8)byte & 0x80) == 0) {
        *ret_len = n_bytes;
        return TRUE;
    }
    for (guint i = 0; i < n_bytes && len <= MAX_LDAP; i++) {
        if (!read_byte(dialogue, &byte, error))
            return FALSE;
        len = len << 8 | (guint8)byte;
    }
    *ret_len = n_bytes > 0 ? len : MAX_LDAP + 1;
    return TRUE;
}

/* Behind the tag of an LDAPMessage. */
static gboolean
read_ldap_message(Dialogue *dialogue, GByteArray *message, GError **error)
{
    gsize len;
    char byte;

    if (!read_byte(dialogue, &byte, error))
        return FALSE;
    if (byte != 0x30)
        return fail_plain(dialogue, error, "does not answer as LDAP servers do");
    if (!read_ber_length(dialogue, &len, error))
        return FALSE;
    if (len > MAX_LDAP)
        return fail_plain(dialogue, error, "does not answer as LDAP servers do");
    while (message->len < len) {
        if (!read_byte(dialogue, &byte, error))
            return FALSE;
        g_byte_array_append(message, (const guint8 *)&byte, 1);
    }
    return TRUE;
}

/* The resultCode of ExtendedResponse: messageID 1, [APPLICATION 24], ENUMERATED; -1 where the
 * message is another. */
static int
read_result_code(const GByteArray *message)
{
    static const guint8 head[] = {0x02, 0x01, 0x01, 0x78};
    gsize at = sizeof(head);

    if (message->len < at + 1 || memcmp(message->data, head, sizeof(head)) != 0)
        return -1;
    at += 1 + ((message->data[at] & 0x80) != 0 ? message->data[at] & 0x7fu : 0);
    if (message->len < at + 3 || message->data[at] != 0x0a || message->data[at + 1] != 1)
        return -1;
    return message->data[at + 2];
}

static gboolean
run_ldap(Dialogue *dialogue, GError **error)
{
    g_autoptr(GByteArray) message = g_byte_array_new();
    g_autofree char *refusal = NULL;
    int code;

    if (!send_bytes(dialogue, ldap_request, sizeof(ldap_request) - 1, error) ||
        !read_ldap_message(dialogue, message, error))
        return FALSE;
    code = read_result_code(message);
    if (code == 0)
        return TRUE;
    if (code < 0)
        return fail_plain(dialogue, error, "does not answer as LDAP servers do");
    refusal = g_strdup_printf("refuses StartTLS (LDAP result code %d)", code);
    return fail_plain(dialogue, error, refusal);
}

/* ---- the whole ------------------------------------------------------------------------------ */

gboolean
meishi_starttls_run(GSocket *socket, const MeishiTarget *target, gint64 deadline, GError **error)
{
    static const struct {
        const char *protocol;
        gboolean (*run)(Dialogue *dialogue, GError **error);
    } dialogues[] = {
        {"smtp", run_smtp},
        {"imap", run_imap},
        {"pop", run_pop},
        {"ldap", run_ldap},
    };
    Dialogue dialogue = {.socket = socket, .target = target, .deadline = deadline};

    for (gsize i = 0; i < G_N_ELEMENTS(dialogues); i++) {
        if (g_str_equal(dialogues[i].protocol, target->protocol))
            return dialogues[i].run(&dialogue, error);
    }
    return fail_plain(&dialogue, error, "has no STARTTLS");
}
