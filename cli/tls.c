/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The TLS client of `meishi probe` and `meishi test`: one handshake, a few words, one verdict.
 *
 * Why GnuTLS, which cli/tls*.c alone include: it signs with a PKCS#11 key by its URI, out of the
 * box and through a module that the caller names, so that a test goes the way that programs go and
 * needs no p11-kit configuration.  It is a client for diagnosis; nothing that comes over it is used
 * but what the report shows.
 */
#include "cli/tls.h"

#include "cli/connect.h"
#include "cli/starttls.h"
#include "cli/tls-hello.h"
#include "cli/tls-judge.h"
#include "cli/tls-session.h"

#include <string.h>

#define MAX_ANSWER 4096

/* ---- moving bytes ------------------------------------------------------------------------ */

static gboolean
is_again(int code)
{
    return code == GNUTLS_E_AGAIN || code == GNUTLS_E_INTERRUPTED;
}

static gboolean
wait_for_socket(MeishiTlsSession *session, gint64 deadline, GError **error)
{
    GIOCondition condition = gnutls_record_get_direction(session->tls) == 1 ? G_IO_OUT : G_IO_IN;

    return meishi_connect_wait(session->socket, condition, deadline, error);
}

static int
step_handshake(gnutls_session_t tls)
{
    return gnutls_handshake(tls);
}

static int
step_reauth(gnutls_session_t tls)
{
    return gnutls_reauth(tls, 0);
}

/* Takes steps until there is a result, which goes to @ret_code; FALSE when time is up.  A warning
 * is none; that there is something to read first is one. */
static gboolean
drive(MeishiTlsSession *session, int (*step)(gnutls_session_t tls), int *ret_code, GError **error)
{
    while (meishi_connect_check(session->deadline, error)) {
        int code = step(session->tls);

        if (!is_again(code) && code != GNUTLS_E_WARNING_ALERT_RECEIVED) {
            *ret_code = code;
            return TRUE;
        }
        if (is_again(code) && !wait_for_socket(session, session->deadline, error))
            return FALSE;
    }
    return FALSE;
}

/* ---- after the handshake ----------------------------------------------------------------- */

/* A server that has gone away already may have left an alert to be read, so a failure to send is
 * not the end. */
static gboolean
say_hello(MeishiTlsSession *session, GError **error)
{
    g_autoptr(GBytes) hello = meishi_tls_hello_make(session->call->target);
    gsize len;
    const guint8 *data = g_bytes_get_data(hello, &len);

    while (len > 0) {
        gssize n = gnutls_record_send(session->tls, data, len);

        if (n > 0) {
            data += n;
            len -= (gsize)n;
        } else if (n >= 0 || gnutls_error_is_fatal((int)n)) {
            return TRUE;
        } else if (!wait_for_socket(session, session->deadline, error)) {
            return FALSE;
        }
    }
    return TRUE;
}

/* The server wants something in between; once it has it, there is more to be read. */
static gboolean
answer_demand(MeishiTlsSession *session, int (*step)(gnutls_session_t tls), int *ret_code,
              GError **error)
{
    int code;

    if (!drive(session, step, &code, error))
        return FALSE;
    *ret_code = code >= 0 || code == GNUTLS_E_GOT_APPLICATION_DATA ? GNUTLS_E_AGAIN : code;
    return TRUE;
}

/* One attempt to read.  *@ret_code: bytes added to @answer, 0 at the end, or what went wrong. */
static gboolean
read_some(MeishiTlsSession *session, gint64 deadline, GByteArray *answer, int *ret_code,
          GError **error)
{
    guint8 buffer[1024];
    int code = (int)gnutls_record_recv(session->tls, buffer, sizeof(buffer));

    if (code == GNUTLS_E_REHANDSHAKE)
        return answer_demand(session, step_handshake, ret_code, error);
    if (code == GNUTLS_E_REAUTH_REQUEST)
        return answer_demand(session, step_reauth, ret_code, error);
    if (code > 0)
        g_byte_array_append(answer, buffer, (guint)code);
    *ret_code = code;
    return !is_again(code) || wait_for_socket(session, deadline, error);
}

static gboolean
is_answer_whole(const MeishiTlsSession *session, const GByteArray *answer)
{
    if (!meishi_target_is_web(session->call->target))
        return answer->len > 0;
    return answer->len >= MAX_ANSWER ||
           (answer->len > 0 && memchr(answer->data, '\n', answer->len) != NULL);
}

/* Reads until there is enough of an answer.  *@ret_code: positive then, else as read_some(). */
static gboolean
read_answer(MeishiTlsSession *session, GByteArray *answer, int *ret_code, GError **error)
{
    const MeishiTlsCall *call = session->call;
    gint64 patience = meishi_tls_hello_patience(call->target, (gint64)call->timeout_ms * 1000);

    while (meishi_connect_check(session->deadline, error)) {
        gint64 quiet = g_get_monotonic_time() + patience;

        if (!read_some(session, MIN(quiet, session->deadline), answer, ret_code, error))
            return FALSE;
        if (is_answer_whole(session, answer) || *ret_code == 0 || gnutls_error_is_fatal(*ret_code))
            return TRUE;
    }
    return FALSE;
}

/* Silence is no verdict. */
static gboolean
talk(MeishiTlsSession *session, GError **error)
{
    g_autoptr(GByteArray) answer = g_byte_array_new();
    g_autoptr(GError) cause = NULL;
    int code;

    if (!say_hello(session, error))
        return FALSE;
    if (!read_answer(session, answer, &code, &cause)) {
        meishi_tls_judge_end(session, MEISHI_TLS_SILENT,
                             "The server said nothing after the handshake.");
        return TRUE;
    }
    if (answer->len == 0)
        return meishi_tls_judge(session, code, error);
    if (meishi_target_is_web(session->call->target))
        session->report->http_status = meishi_tls_hello_http_status(answer);
    meishi_tls_judge_end(session, MEISHI_TLS_ACCEPTED, NULL);
    (void)gnutls_bye(session->tls, GNUTLS_SHUT_WR);
    return TRUE;
}

/* ---- the whole --------------------------------------------------------------------------- */

static void
describe_session(MeishiTlsSession *session)
{
    MeishiTlsReport *report = session->report;
    gnutls_datum_t alpn;

    report->cipher = g_strdup(gnutls_cipher_get_name(gnutls_cipher_get(session->tls)));
    if (gnutls_alpn_get_selected_protocol(session->tls, &alpn) >= 0)
        report->alpn = g_strndup((const char *)alpn.data, alpn.size);
}

static gboolean
shake_hands(MeishiTlsSession *session, GError **error)
{
    int code;

    if (!drive(session, step_handshake, &code, error))
        return FALSE;
    if (session->heard_hello)
        session->report->version = meishi_tls_session_version(session);
    if (code < 0)
        return meishi_tls_judge(session, code, error);
    session->is_established = TRUE;
    describe_session(session);
    return talk(session, error);
}

MeishiTlsReport *
meishi_tls_run(const MeishiTlsCall *call, GError **error)
{
    g_autoptr(GSocketConnection) connection = NULL;
    g_auto(MeishiTlsSession) session = {
        .call = call,
        .report = g_new0(MeishiTlsReport, 1),
        .deadline = g_get_monotonic_time() + (gint64)call->timeout_ms * 1000,
    };

    session.report->version = call->version;
    if (!meishi_tls_session_load(&session, error))
        return NULL;
    connection = meishi_connect_open(call->target, session.deadline, error);
    if (connection == NULL)
        return NULL;
    session.socket = g_socket_connection_get_socket(connection);
    if (call->target->starttls &&
        !meishi_starttls_run(session.socket, call->target, session.deadline, error))
        return NULL;
    if (!meishi_tls_session_open(&session, error) || !shake_hands(&session, error))
        return NULL;
    return g_steal_pointer(&session.report);
}
