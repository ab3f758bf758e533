/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Judges failures; see tls-judge.h.  Before a ServerHello nothing is a verdict on a certificate:
 * then there is no TLS, or none of this version.
 */
#include "cli/tls-judge.h"

#include "cli/error.h"

void
meishi_tls_judge_end(MeishiTlsSession *session, MeishiTlsOutcome outcome, const char *message)
{
    session->report->outcome = outcome;
    g_free(session->report->message);
    session->report->message = g_strdup(message);
}

gboolean
meishi_tls_judge_is_hangup(int code)
{
    return code == 0 || code == GNUTLS_E_PREMATURE_TERMINATION || code == GNUTLS_E_PUSH_ERROR ||
           code == GNUTLS_E_PULL_ERROR || code == GNUTLS_E_SESSION_EOF ||
           code == GNUTLS_E_INVALID_SESSION;
}

static void
end_without_version(MeishiTlsSession *session, int code)
{
    g_autofree char *text = NULL;

    if (code == GNUTLS_E_FATAL_ALERT_RECEIVED)
        text = g_strdup_printf("The server refuses this version of TLS (alert %u).",
                               (guint)gnutls_alert_get(session->tls));
    else if (meishi_tls_judge_is_hangup(code))
        text = g_strdup("The server closes the connection when TLS begins.");
    else if (code == GNUTLS_E_UNSUPPORTED_VERSION_PACKET && session->call->version != 0)
        text = g_strdup("The server does not speak this version of TLS.");
    else
        text = g_strdup_printf("What the server says is not TLS (%s).", gnutls_strerror(code));
    meishi_tls_judge_end(session, MEISHI_TLS_NO_VERSION, text);
}

static void
end_with_alert(MeishiTlsSession *session)
{
    gnutls_alert_description_t alert = gnutls_alert_get(session->tls);
    g_autofree char *text = g_strdup_printf("The server broke off with alert %u (%s).",
                                            (guint)alert, gnutls_alert_get_name(alert));

    session->report->alert = (guint8)alert;
    meishi_tls_judge_end(session, MEISHI_TLS_ALERT, text);
}

/* What our module's answers become in GnuTLS; everything else is in its words. */
static const char *
signing_text(int code)
{
    switch (code) {
    case GNUTLS_E_PKCS11_USER_ERROR:
        return "It is locked, and nobody could be asked: `meishi unlock` opens the vault, "
               "`meishi token login NAME` a card.";
    case GNUTLS_E_PKCS11_ERROR:
        return "The daemon did not let the key sign: policy forbids it, or nobody confirmed.";
    default:
        return gnutls_strerror(code);
    }
}

static gboolean
fail_handshake(int code, GError **error)
{
    g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_FAILED, "The TLS handshake failed: %s",
                gnutls_strerror(code));
    return FALSE;
}

gboolean
meishi_tls_judge(MeishiTlsSession *session, int code, GError **error)
{
    if (session->error != NULL) {
        g_propagate_error(error, g_steal_pointer(&session->error));
        return FALSE;
    }
    if (!session->heard_hello || code == GNUTLS_E_UNSUPPORTED_VERSION_PACKET)
        end_without_version(session, code);
    else if (code == GNUTLS_E_FATAL_ALERT_RECEIVED)
        end_with_alert(session);
    else if (code == GNUTLS_E_CERTIFICATE_ERROR && session->call->require_trust &&
             !session->report->is_trusted)
        meishi_tls_judge_end(session, MEISHI_TLS_UNTRUSTED, session->report->trust_text);
    else if (meishi_tls_judge_is_hangup(code))
        meishi_tls_judge_end(session, MEISHI_TLS_CLOSED,
                             "The server closed the connection without saying why.");
    else if (session->report->has_sent)
        meishi_tls_judge_end(session, MEISHI_TLS_SIGN_FAILED, signing_text(code));
    else
        return fail_handshake(code, error);
    return TRUE;
}
