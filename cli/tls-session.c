/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A GnuTLS session and its callbacks; see tls-session.h.
 *
 * The certificate goes out through a callback, never through GnuTLS's own choice: Meishi has
 * chosen already.  The CertificateRequest is taken from the handshake as it stood.
 */
#include "cli/tls-session.h"

#include "cli/error.h"
#include "daemon/policy/sigalg.h"

#include <gnutls/pkcs11.h>
#include <gnutls/x509.h>
#include <string.h>

void
meishi_tls_session_clear(MeishiTlsSession *session)
{
    for (guint i = 0; i < session->n_chain; i++)
        gnutls_pcert_deinit(&session->chain[i]);
    g_free(session->chain);
    if (session->tls != NULL)
        gnutls_deinit(session->tls);
    if (session->credentials != NULL)
        gnutls_certificate_free_credentials(session->credentials);
    if (session->key != NULL)
        gnutls_privkey_deinit(session->key);
    g_clear_error(&session->error);
    g_clear_pointer(&session->report, meishi_tls_report_free);
}

static gboolean
fail(GError **error, const char *what, int code)
{
    g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_FAILED, "%s: %s", what,
                gnutls_strerror(code));
    return FALSE;
}

/* ---- what the server says in the handshake ----------------------------------------------- */

static MeishiTlsSession *
session_of(gnutls_session_t tls)
{
    return gnutls_session_get_ptr(tls);
}

guint16
meishi_tls_session_version(const MeishiTlsSession *session)
{
    return gnutls_protocol_get_version(session->tls) == GNUTLS_TLS1_3 ? MEISHI_TLS_1_3
                                                                      : MEISHI_TLS_1_2;
}

static MeishiTlsPhase
phase_of(const MeishiTlsSession *session)
{
    if (!session->is_established)
        return MEISHI_TLS_PHASE_INITIAL;
    return meishi_tls_session_version(session) == MEISHI_TLS_1_3 ? MEISHI_TLS_PHASE_POST_HANDSHAKE
                                                                 : MEISHI_TLS_PHASE_RENEGOTIATION;
}

static int
take_request(MeishiTlsSession *session, const gnutls_datum_t *message)
{
    g_autoptr(GBytes) body = g_bytes_new(message->data, message->size);

    g_clear_pointer(&session->report->request, meishi_certificate_request_free);
    g_clear_error(&session->error);
    session->report->phase = phase_of(session);
    session->report->request = meishi_certificate_request_parse(
        body, meishi_tls_session_version(session), &session->error);
    return session->error == NULL ? 0 : GNUTLS_E_UNEXPECTED_PACKET_LENGTH;
}

static int
on_message(gnutls_session_t tls, unsigned type, unsigned when, unsigned incoming,
           const gnutls_datum_t *message)
{
    MeishiTlsSession *session = session_of(tls);

    if (!incoming)
        return 0;
    if (type == GNUTLS_HANDSHAKE_SERVER_HELLO || type == GNUTLS_HANDSHAKE_HELLO_RETRY_REQUEST)
        session->heard_hello = TRUE;
    return type == GNUTLS_HANDSHAKE_CERTIFICATE_REQUEST ? take_request(session, message) : 0;
}

/* Whatever GnuTLS thinks of it: the answer to a CertificateRequest is the chain, or nothing. */
static int
on_retrieve(gnutls_session_t tls, const struct gnutls_cert_retr_st *info,
            gnutls_pcert_st **ret_chain, unsigned *ret_n, gnutls_ocsp_data_st **ret_ocsp,
            unsigned *ret_n_ocsp, gnutls_privkey_t *ret_key, unsigned *ret_flags)
{
    MeishiTlsSession *session = session_of(tls);

    *ret_chain = session->chain;
    *ret_n = session->n_chain;
    *ret_ocsp = NULL;
    *ret_n_ocsp = 0;
    *ret_key = session->key;
    *ret_flags = 0; /* they stay ours */
    session->report->has_sent = session->n_chain > 0;
    return 0;
}

/* ---- the server's certificate ------------------------------------------------------------ */

/* GnuTLS says first that it does not trust; here that is said around the reason. */
static char *
reason_of(const char *text)
{
    static const char heading[] = "The certificate is NOT trusted.";
    const char *reason = g_str_has_prefix(text, heading) ? text + strlen(heading) : text;
    char *stripped = g_strstrip(g_strdup(reason));

    if (stripped[0] != '\0')
        return stripped;
    g_free(stripped);
    return g_strstrip(g_strdup(text));
}

static void
take_trust(MeishiTlsSession *session, unsigned status)
{
    gnutls_datum_t text;

    g_clear_pointer(&session->report->trust_text, g_free);
    session->report->is_trusted = status == 0;
    if (status == 0 ||
        gnutls_certificate_verification_status_print(status, GNUTLS_CRT_X509, &text, 0) < 0)
        return;
    session->report->trust_text = reason_of((const char *)text.data);
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
on_verify(gnutls_session_t tls)
{
    MeishiTlsSession *session = session_of(tls);
    g_autofree char *name = name_to_verify(session->call->target);
    unsigned n, status = 0;
    const gnutls_datum_t *certs = gnutls_certificate_get_peers(tls, &n);
    int code = gnutls_certificate_verify_peers3(tls, name, &status);

    if (certs != NULL && n > 0) {
        g_clear_pointer(&session->report->server_cert, g_bytes_unref);
        session->report->server_cert = g_bytes_new(certs[0].data, certs[0].size);
    }
    take_trust(session, code < 0 ? GNUTLS_CERT_INVALID : status);
    return session->call->require_trust && !session->report->is_trusted ? -1 : 0;
}

/* ---- the client's certificate ------------------------------------------------------------ */

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
load_chain(MeishiTlsSession *session, GError **error)
{
    GPtrArray *chain = session->call->chain;

    session->chain = g_new0(gnutls_pcert_st, chain->len);
    for (guint i = 0; i < chain->len; i++) {
        gsize size;
        gconstpointer data = g_bytes_get_data(chain->pdata[i], &size);
        gnutls_datum_t der = {(unsigned char *)data, (unsigned)size};
        int code = gnutls_pcert_import_x509_raw(&session->chain[i], &der, GNUTLS_X509_FMT_DER, 0);

        if (code < 0)
            return fail(error, "The certificate cannot be used", code);
        session->n_chain++;
    }
    return TRUE;
}

static gboolean
load_identity(MeishiTlsSession *session, GError **error)
{
    int code;

    if (session->call->chain == NULL)
        return TRUE;
    if (!load_module(session->call->module, error) || !load_chain(session, error))
        return FALSE;
    code = gnutls_privkey_init(&session->key);
    if (code >= 0)
        code = gnutls_privkey_import_url(session->key, session->call->key_uri, 0);
    return code >= 0 || fail(error, "The private key cannot be found through PKCS#11", code);
}

/* ---- the session ------------------------------------------------------------------------- */

static gboolean
load_trust(MeishiTlsSession *session, GError **error)
{
    const char *file = session->call->ca_file;
    int code = gnutls_certificate_allocate_credentials(&session->credentials);

    if (code < 0)
        return fail(error, "TLS cannot be set up", code);
    /* Without any authority of the system's, no server is trusted, which is then said. */
    (void)gnutls_certificate_set_x509_system_trust(session->credentials);
    if (file == NULL)
        return TRUE;
    code = gnutls_certificate_set_x509_trust_file(session->credentials, file, GNUTLS_X509_FMT_PEM);
    if (code > 0)
        return TRUE;
    g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_FAILED,
                "There are no certificates in PEM to be read from “%s”.", file);
    return FALSE;
}

static int
set_versions(MeishiTlsSession *session)
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
        if (rows[i].version == session->call->version)
            return gnutls_priority_set_direct(session->tls, rows[i].priority, NULL);
    }
    return GNUTLS_E_INVALID_REQUEST;
}

/* RFC 6066 section 3: an address is no server name. */
static int
set_names(MeishiTlsSession *session)
{
    const MeishiTarget *target = session->call->target;
    static const gnutls_datum_t http = {(unsigned char *)"http/1.1", 8};
    int code = 0;

    if (!target->is_address)
        code = gnutls_server_name_set(session->tls, GNUTLS_NAME_DNS, target->host,
                                      strlen(target->host));
    if (code >= 0 && meishi_target_is_web(target))
        code = gnutls_alpn_set_protocols(session->tls, &http, 1, 0);
    return code;
}

gboolean
meishi_tls_session_open(MeishiTlsSession *session, GError **error)
{
    /* No tickets: nothing is resumed here, and after a renegotiation GnuTLS waits for the ticket
     * that the server promised in the first handshake (RFC 5077 3.2) and does not send again. */
    int code = gnutls_init(&session->tls, GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL |
                                              GNUTLS_NO_TICKETS | GNUTLS_POST_HANDSHAKE_AUTH);

    if (code >= 0)
        code = set_versions(session);
    if (code >= 0)
        code = set_names(session);
    if (code >= 0)
        code = gnutls_credentials_set(session->tls, GNUTLS_CRD_CERTIFICATE, session->credentials);
    if (code < 0)
        return fail(error, "TLS cannot be set up", code);
    gnutls_session_set_ptr(session->tls, session);
    gnutls_session_set_verify_function(session->tls, on_verify);
    gnutls_certificate_set_retrieve_function3(session->credentials, on_retrieve);
    gnutls_handshake_set_hook_function(session->tls, GNUTLS_HANDSHAKE_ANY, GNUTLS_HOOK_PRE,
                                       on_message);
    gnutls_transport_set_int(session->tls, g_socket_get_fd(session->socket));
    return TRUE;
}

gboolean
meishi_tls_session_load(MeishiTlsSession *session, GError **error)
{
    return load_trust(session, error) && load_identity(session, error);
}
