/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The words in clear before TLS: SMTP (RFC 3207), IMAP (RFC 9051 6.2.1), POP3 (RFC 2595 4) and
 * LDAP (RFC 4511 4.14).
 */
#pragma once

#include "cli/target.h"

#include <gio/gio.h>

/* Leads @socket (connected, not blocking) to where the ClientHello may be sent.  Reads no byte
 * beyond the server's consent, so that nothing said in clear can be taken for part of what is
 * protected.  MEISHI_CLI_ERROR_FAILED says what the server said instead. */
gboolean meishi_starttls_run(GSocket *socket, const MeishiTarget *target, gint64 deadline,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
