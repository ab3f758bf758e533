/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Certificates that the daemon gave out as text.
 */
#pragma once

#include <glib.h>

/* The certificates in @pem, as a client sends them: in their order, without a root above a leaf
 * (RFC 9846 "Certificate": it may be omitted).  GBytes, DER.  MEISHI_CLI_ERROR_FAILED where there
 * is none, or one that cannot be read. */
GPtrArray *meishi_pem_to_chain(const char *pem, GError **error) G_GNUC_WARN_UNUSED_RESULT;
