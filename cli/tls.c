/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The TLS client of `meishi probe` and `meishi test`, and the only file that includes GnuTLS.
 *
 * Why GnuTLS: it signs with a PKCS#11 key by its URI, out of the box and through a module that the
 * caller names, so that a test goes the way that programs go and needs no p11-kit configuration.
 * It is a client for diagnosis; nothing that comes over it is used but what the report shows.
 *
 * The certificate goes out through a callback, never through GnuTLS's own choice: Meishi has
 * chosen already.  The CertificateRequest is taken from the handshake as it stood.
 */
#include "cli/tls.h"

#include "cli/connect.h"
#include "cli/error.h"
#include "cli/starttls.h"
#include "cli/tls-hello.h"
#include "daemon/policy/sigalg.h"

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/pkcs11.h>
#include <gnutls/x509.h>
#include <string.h>

#define MAX_ANSWER 4096

typedef struct {
    const MeishiTlsCall *call;
    MeishiTlsReport *report;
    GSocket *socket;
    gint64 deadline;
    gnutls_session_t session;
    gnutls_certificate_credentials_t credentials;
    gnutls_pcert_st *chain; /* what is sent; NULL */
    guint n_chain;
    gnutls_privkey_t key;
    gboolean heard_hello;    /* a ServerHello came, so there is TLS of this version */
    gboolean is_established; /* the first handshake is done */
    GError *error;           /* from inside a callback */
} Run;

static void
run_clear(Run *run)
{
    for (guint i = 0; i < run->n_chain; i++)
        gnutls_pcert_deinit(&run->chain[i]);
    g_free(run->chain);
    if (run->session != NULL)
        gnutls_deinit(run->session);
    if (run->credentials != NULL)
        gnutls_certificate_free_credentials(run->credentials);
    if (run->key != NULL)
        gnutls_privkey_deinit(run->key);
    g_clear_error(&run->error);
    g_clear_pointer(&run->report, meishi_tls_report_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Run, run_clear)

static gboolean
fail(GError **error, const char *what, int code)
{
    g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_FAILED, "%s: %s", what,
                gnutls_strerror(code));
    return FALSE;
}

static Run *
run_of(gnutls_session_t session)
{
    return gnutls_session_get_ptr(session);
}

/* ---- what the server says in the handshake ----------------------------------------------------
 */

static guint16
version_of(gnutls_session_t session)
{
    return gnutls_protocol_get_version(session) == GNUTLS_TLS1_3 ? MEISHI_TLS_1_3 : MEISHI_TLS_1_2;
}

static MeishiTlsPhase
phase_of(const Run *run)
{
    if (!run->is_established)
        return MEISHI_TLS_PHASE_INITIAL;
    return version_of(run->session) == MEISHI_TLS_1_3 ? MEISHI_TLS_PHASE_POST_HANDSHAKE
                                                      : MEISHI_TLS_PHASE_RENEGOTIATION;
}

static int
take_request(Run *run, const gnutls_datum_t *message)
{
    g_autoptr(GBytes) body = g_bytes_new(message->data, message->size);

    g_clear_pointer(&run->report->request, meishi_certificate_request_free);
    g_clear_error(&run->error);
    run->report->phase = phase_of(run);
    run->report->request =
        meishi_certificate_request_parse(body, version_of(run->session), &run->error);
    return run->error == NULL ? 0 : GNUTLS_E_UNEXPECTED_PACKET_LENGTH;
}

static int
on_message(gnutls_session_t session, unsigned type, unsigned when, unsigned incoming,
           const gnutls_datum_t *message)
{
    Run *run = run_of(session);

    if (!incoming)
        return 0;
    if (type == GNUTLS_HANDSHAKE_SERVER_HELLO || type == GNUTLS_HANDSHAKE_HELLO_RETRY_REQUEST)
        run->heard_hello = TRUE;
    return type == GNUTLS_HANDSHAKE_CERTIFICATE_REQUEST ? take_request(run, message) : 0;
}

/* Whatever GnuTLS thinks of it: the answer to a CertificateRequest is the chain, or nothing. */
static int
on_retrieve(gnutls_session_t session, const struct gnutls_cert_retr_st *info,
            gnutls_pcert_st **ret_chain, unsigned *ret_n, gnutls_ocsp_data_st **ret_ocsp,
            unsigned *ret_n_ocsp, gnutls_privkey_t *ret_key, unsigned *ret_flags)
{
    Run *run = run_of(session);

    *ret_chain = run->chain;
    *ret_n = run->n_chain;
    *ret_ocsp = NULL;
    *ret_n_ocsp = 0;
    *ret_key = run->key;
    *ret_flags = 0; /* they stay ours */
    run->report->has_sent = run->n_chain > 0;
    return 0;
}

/* ---- the server's certificate ------------------------------------------------------------------
 */

static void
take_trust(Run *run, unsigned status)
{
    gnutls_datum_t text;

    g_clear_pointer(&run->report->trust_text, g_free);
    run->report->is_trusted = status == 0;
    if (status == 0 ||
        gnutls_certificate_verification_status_print(status, GNUTLS_CRT_X509, &text, 0) < 0)
        return;
    run->report->trust_text = g_strstrip(g_strdup((const char *)text.data));
    gnutls_free(text.data);
}

/* The name that the certificate has to have: an address without its zone (RFC 4007 11). */
static char *
name_to_verify(const MeishiTarget *target)
{
    return g_strndup(target->host, strcspn(target->host, "%"));
}

/* Runs before anything of ours that needs a certificate goes out; non-zero breaks off. */
static int
on_verify(gnutls_session_t session)
{
    Run *run = run_of(session);
    g_autofree char *name = name_to_verify(run->call->target);
    unsigned n, status = 0;
    const gnutls_datum_t *certs = gnutls_certificate_get_peers(session, &n);
    int code = gnutls_certificate_verify_peers3(session, name, &status);

    if (certs != NULL && n > 0) {
        g_clear_pointer(&run->report->server_cert, g_bytes_unref);
        run->report->server_cert = g_bytes_new(certs[0].data, certs[0].size);
    }
    take_trust(run, code < 0 ? GNUTLS_CERT_INVALID : status);
    return run->call->require_trust && !run->report->is_trusted ? -1 : 0;
}

/* ---- the client's certificate ------------------------------------------------------------------
 */

/* Once per process; the module that was loaded first stays. */
static gboolean
load_module(const char *module, GError **error)
{
    static gboolean is_loaded;
    int code = 0;

    if (is_loaded)
        return TRUE;
    code = gnutls_pkcs11_init(GNUTLS_PKCS11_FLAG_MANUAL, NULL);
    if (code >= 0)
        code = gnutls_pkcs11_add_provider(module, NULL);
    if (code < 0) {
        g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_FAILED,
                    "The PKCS#11 module “%s” cannot be loaded: %s", module, gnutls_strerror(code));
        return FALSE;
    }
    is_loaded = TRUE;
    return TRUE;
}

static gboolean
load_chain(Run *run, GError **error)
{
    GPtrArray *chain = run->call->chain;

    run->chain = g_new0(gnutls_pcert_st, chain->len);
    for (guint i = 0; i < chain->len; i++) {
        gsize size;
        gconstpointer data = g_bytes_get_data(chain->pdata[i], &size);
        gnutls_datum_t der = {(unsigned char *)data, (unsigned)size};
        int code = gnutls_pcert_import_x509_raw(&run->chain[i], &der, GNUTLS_X509_FMT_DER, 0);

        if (code < 0)
            return fail(error, "The certificate cannot be used", code);
        run->n_chain++;
    }
    return TRUE;
}

static gboolean
load_identity(Run *run, GError **error)
{
    int code;

    if (run->call->chain == NULL)
        return TRUE;
    if (!load_module(run->call->module, error) || !load_chain(run, error))
        return FALSE;
    code = gnutls_privkey_init(&run->key);
    if (code >= 0)
        code = gnutls_privkey_import_url(run->key, run->call->key_uri, 0);
    return code >= 0 || fail(error, "The private key cannot be found through PKCS#11", code);
}

/* ---- the session -------------------------------------------------------------------------------
 */

static gboolean
load_trust(Run *run, GError **error)
{
    const char *file = run->call->ca_file;
    int code = gnutls_certificate_allocate_credentials(&run->credentials);

    if (code < 0)
        return fail(error, "TLS cannot be set up", code);
    /* Without any authority of the system's, no server is trusted, which is then said. */
    (void)gnutls_certificate_set_x509_system_trust(run->credentials);
    if (file == NULL)
        return TRUE;
    code = gnutls_certificate_set_x509_trust_file(run->credentials, file, GNUTLS_X509_FMT_PEM);
    if (code > 0)
        return TRUE;
    g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_FAILED,
                "There are no certificates in PEM to be read from “%s”.", file);
    return FALSE;
}

static int
set_versions(Run *run)
{
    static const struct {
        guint16 version;
        const char *priority;
    } rows[] = {
        {MEISHI_TLS_1_2, "NORMAL:-VERS-ALL:+VERS-TLS1.2"},
        {MEISHI_TLS_1_3, "NORMAL:-VERS-ALL:+VERS-TLS1.3"},
        {0, "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (rows[i].version == run->call->version)
            return gnutls_priority_set_direct(run->session, rows[i].priority, NULL);
    }
    return GNUTLS_E_INVALID_REQUEST;
}

/* RFC 6066 section 3: an address is no server name. */
static int
set_names(Run *run)
{
    const MeishiTarget *target = run->call->target;
    static const gnutls_datum_t http = {(unsigned char *)"http/1.1", 8};
    int code = 0;

    if (!target->is_address)
        code = gnutls_server_name_set(run->session, GNUTLS_NAME_DNS, target->host,
                                      strlen(target->host));
    if (code >= 0 && meishi_target_is_web(target))
        code = gnutls_alpn_set_protocols(run->session, &http, 1, 0);
    return code;
}

static gboolean
make_session(Run *run, GError **error)
{
    int code = gnutls_init(&run->session, GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL |
                                              GNUTLS_POST_HANDSHAKE_AUTH);

    if (code >= 0)
        code = set_versions(run);
    if (code >= 0)
        code = set_names(run);
    if (code >= 0)
        code = gnutls_credentials_set(run->session, GNUTLS_CRD_CERTIFICATE, run->credentials);
    if (code < 0)
        return fail(error, "TLS cannot be set up", code);
    gnutls_session_set_ptr(run->session, run);
    gnutls_session_set_verify_function(run->session, on_verify);
    gnutls_certificate_set_retrieve_function3(run->credentials, on_retrieve);
    gnutls_handshake_set_hook_function(run->session, GNUTLS_HANDSHAKE_ANY, GNUTLS_HOOK_PRE,
                                       on_message);
    gnutls_transport_set_int(run->session, g_socket_get_fd(run->socket));
    return TRUE;
}

/* ---- moving bytes ------------------------------------------------------------------------------
 */

static gboolean
is_again(int code)
{
    return code == GNUTLS_E_AGAIN || code == GNUTLS_E_INTERRUPTED;
}

static gboolean
wait_for_socket(Run *run, gint64 deadline, GError **error)
{
    GIOCondition condition = gnutls_record_get_direction(run->session) == 1 ? G_IO_OUT : G_IO_IN;

    return meishi_connect_wait(run->socket, condition, deadline, error);
}

static int
step_handshake(gnutls_session_t session)
{
    return gnutls_handshake(session);
}

static int
step_reauth(gnutls_session_t session)
{
    return gnutls_reauth(session, 0);
}

/* Takes steps until there is a result, which goes to @ret_code; FALSE when time is up. */
static gboolean
drive(Run *run, int (*step)(gnutls_session_t session), int *ret_code, GError **error)
{
    for (;;) {
        int code = step(run->session);

        if (code >= 0 || gnutls_error_is_fatal(code)) {
            *ret_code = code;
            return TRUE;
        }
        if (is_again(code) && !wait_for_socket(run, run->deadline, error))
            return FALSE;
    }
}

/* ---- after the handshake -----------------------------------------------------------------------
 */

/* A server that has gone away already may have left an alert to be read, so a failure to send is
 * not the end. */
static gboolean
say_hello(Run *run, GError **error)
{
    g_autoptr(GBytes) hello = meishi_tls_hello_make(run->call->target);
    gsize len;
    const guint8 *data = g_bytes_get_data(hello, &len);

    while (len > 0) {
        gssize n = gnutls_record_send(run->session, data, len);

        if (n > 0) {
            data += n;
            len -= (gsize)n;
        } else if (n >= 0 || gnutls_error_is_fatal((int)n)) {
            return TRUE;
        } else if (!wait_for_socket(run, run->deadline, error)) {
            return FALSE;
        }
    }
    return TRUE;
}

/* The server wants something in between; once it has it, there is more to be read. */
static gboolean
answer_demand(Run *run, int (*step)(gnutls_session_t session), int *ret_code, GError **error)
{
    int code;

    if (!drive(run, step, &code, error))
        return FALSE;
    *ret_code = code >= 0 ? GNUTLS_E_AGAIN : code;
    return TRUE;
}

/* One attempt to read.  *@ret_code: bytes added to @answer, 0 at the end, or what went wrong. */
static gboolean
read_some(Run *run, gint64 deadline, GByteArray *answer, int *ret_code, GError **error)
{
    guint8 buffer[1024];
    int code = (int)gnutls_record_recv(run->session, buffer, sizeof(buffer));

    if (code == GNUTLS_E_REHANDSHAKE)
        return answer_demand(run, step_handshake, ret_code, error);
    if (code == GNUTLS_E_REAUTH_REQUEST)
        return answer_demand(run, step_reauth, ret_code, error);
    if (code > 0)
        g_byte_array_append(answer, buffer, (guint)code);
    *ret_code = code;
    return !is_again(code) || wait_for_socket(run, deadline, error);
}

static gboolean
is_answer_whole(const Run *run, const GByteArray *answer)
{
    if (!meishi_target_is_web(run->call->target))
        return answer->len > 0;
    return answer->len >= MAX_ANSWER ||
           (answer->len > 0 && memchr(answer->data, '\n', answer->len) != NULL);
}

/* Reads until there is enough of an answer.  *@ret_code: positive then, else as read_some(). */
static gboolean
read_answer(Run *run, gint64 deadline, GByteArray *answer, int *ret_code, GError **error)
{
    for (;;) {
        if (!read_some(run, deadline, answer, ret_code, error))
            return FALSE;
        if (is_answer_whole(run, answer) || *ret_code == 0 || gnutls_error_is_fatal(*ret_code))
            return TRUE;
    }
}

/* ---- what became of it -------------------------------------------------------------------------
 */

static void
end_with(Run *run, MeishiTlsOutcome outcome, const char *message)
{
    run->report->outcome = outcome;
    g_free(run->report->message);
    run->report->message = g_strdup(message);
}

static gboolean
is_hangup(int code)
{
    return code == 0 || code == GNUTLS_E_PREMATURE_TERMINATION || code == GNUTLS_E_PUSH_ERROR ||
           code == GNUTLS_E_PULL_ERROR || code == GNUTLS_E_SESSION_EOF ||
           code == GNUTLS_E_INVALID_SESSION;
}

static void
end_without_version(Run *run, int code)
{
    g_autofree char *text = NULL;

    if (code == GNUTLS_E_FATAL_ALERT_RECEIVED)
        text = g_strdup_printf("The server refuses this version of TLS (alert %u).",
                               (guint)gnutls_alert_get(run->session));
    else if (is_hangup(code))
        text = g_strdup("The server closes the connection when TLS begins.");
    else if (code == GNUTLS_E_UNSUPPORTED_VERSION_PACKET && run->call->version != 0)
        text = g_strdup("The server does not speak this version of TLS.");
    else
        text = g_strdup_printf("What the server says is not TLS (%s).", gnutls_strerror(code));
    end_with(run, MEISHI_TLS_NO_VERSION, text);
}

static void
end_with_alert(Run *run)
{
    gnutls_alert_description_t alert = gnutls_alert_get(run->session);
    g_autofree char *text = g_strdup_printf("The server broke off with alert %u (%s).",
                                            (guint)alert, gnutls_alert_get_name(alert));

    run->report->alert = (guint8)alert;
    end_with(run, MEISHI_TLS_ALERT, text);
}

/* What our module's answers become in GnuTLS; everything else is in its words. */
static const char *
signing_text(int code)
{
    switch (code) {
    case GNUTLS_E_PKCS11_USER_ERROR:
        return "The vault is locked; `meishi unlock` opens it.";
    case GNUTLS_E_PKCS11_ERROR:
        return "The daemon did not let the key sign: policy forbids it, or nobody confirmed.";
    default:
        return gnutls_strerror(code);
    }
}

/* After a failure: an outcome, or FALSE and an error where it is nobody's verdict. */
static gboolean
judge(Run *run, int code, GError **error)
{
    if (run->error != NULL) {
        g_propagate_error(error, g_steal_pointer(&run->error));
        return FALSE;
    }
    if (!run->heard_hello || code == GNUTLS_E_UNSUPPORTED_VERSION_PACKET)
        end_without_version(run, code);
    else if (code == GNUTLS_E_FATAL_ALERT_RECEIVED)
        end_with_alert(run);
    else if (code == GNUTLS_E_CERTIFICATE_ERROR && run->call->require_trust &&
             !run->report->is_trusted)
        end_with(run, MEISHI_TLS_UNTRUSTED, run->report->trust_text);
    else if (is_hangup(code))
        end_with(run, MEISHI_TLS_CLOSED, "The server closed the connection without saying why.");
    else if (run->report->has_sent)
        end_with(run, MEISHI_TLS_SIGN_FAILED, signing_text(code));
    else
        return fail(error, "The TLS handshake failed", code);
    return TRUE;
}

static void
describe_session(Run *run)
{
    MeishiTlsReport *report = run->report;
    gnutls_datum_t alpn;

    report->cipher = g_strdup(gnutls_cipher_get_name(gnutls_cipher_get(run->session)));
    if (gnutls_alpn_get_selected_protocol(run->session, &alpn) >= 0)
        report->alpn = g_strndup((const char *)alpn.data, alpn.size);
}

/* Silence is no verdict, where nothing had to be said or time is up. */
static gboolean
talk(Run *run, GError **error)
{
    g_autoptr(GByteArray) answer = g_byte_array_new();
    g_autoptr(GError) cause = NULL;
    gint64 quiet = g_get_monotonic_time() + meishi_tls_hello_patience(run->call->target);
    int code;

    if (!say_hello(run, error))
        return FALSE;
    if (!read_answer(run, MIN(quiet, run->deadline), answer, &code, &cause)) {
        end_with(run, MEISHI_TLS_SILENT, "The server said nothing after the handshake.");
        return TRUE;
    }
    if (answer->len == 0)
        return judge(run, code, error);
    if (meishi_target_is_web(run->call->target))
        run->report->http_status = meishi_tls_hello_http_status(answer);
    end_with(run, MEISHI_TLS_ACCEPTED, NULL);
    (void)gnutls_bye(run->session, GNUTLS_SHUT_WR);
    return TRUE;
}

static gboolean
shake_hands(Run *run, GError **error)
{
    int code;

    if (!drive(run, step_handshake, &code, error))
        return FALSE;
    if (run->heard_hello)
        run->report->version = version_of(run->session);
    if (code < 0)
        return judge(run, code, error);
    run->is_established = TRUE;
    describe_session(run);
    return talk(run, error);
}

MeishiTlsReport *
meishi_tls_run(const MeishiTlsCall *call, GError **error)
{
    g_autoptr(GSocketConnection) connection = NULL;
    g_auto(Run) run = {
        .call = call,
        .report = g_new0(MeishiTlsReport, 1),
        .deadline = g_get_monotonic_time() + (gint64)call->timeout_ms * 1000,
    };

    run.report->version = call->version;
    if (!load_trust(&run, error) || !load_identity(&run, error))
        return NULL;
    connection = meishi_connect_open(call->target, run.deadline, error);
    if (connection == NULL)
        return NULL;
    run.socket = g_socket_connection_get_socket(connection);
    if (call->target->starttls &&
        !meishi_starttls_run(run.socket, call->target, run.deadline, error))
        return NULL;
    if (!make_session(&run, error) || !shake_hands(&run, error))
        return NULL;
    return g_steal_pointer(&run.report);
}
