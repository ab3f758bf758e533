/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiTlsSession: one connection under way.  Shared by cli/tls*.c, the only files that include
 * GnuTLS; everybody else includes cli/tls.h.
 */
#pragma once

#include "cli/tls.h"

#include <gio/gio.h>
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>

typedef struct {
    const MeishiTlsCall *call;
    MeishiTlsReport *report;
    GSocket *socket; /* borrowed */
    gint64 deadline;
    gnutls_session_t tls;
    gnutls_certificate_credentials_t credentials;
    gnutls_pcert_st *chain; /* what is sent; NULL */
    guint n_chain;
    gnutls_privkey_t key;
    gboolean heard_hello;    /* a ServerHello came, so there is TLS of this version */
    gboolean is_established; /* the first handshake is done */
    GError *error;           /* from inside a callback */
} MeishiTlsSession;

/* Reads what @session->call names: authorities, and the certificate and key to be sent. */
gboolean
meishi_tls_session_load(MeishiTlsSession *session, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Makes ready for a handshake on @session->socket, with the callbacks that fill the report. */
gboolean
meishi_tls_session_open(MeishiTlsSession *session, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void meishi_tls_session_clear(MeishiTlsSession *session);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MeishiTlsSession, meishi_tls_session_clear)

/* MEISHI_TLS_1_2 or MEISHI_TLS_1_3, once there was a ServerHello. */
guint16 meishi_tls_session_version(const MeishiTlsSession *session);
