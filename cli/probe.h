/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a handshake without a certificate tells about a server.
 */
#pragma once

#include "cli/tls.h"

/* Does the server want a certificate, as far as it shows? */
typedef enum {
    MEISHI_NEED_NONE,     /* it did not ask */
    MEISHI_NEED_OPTIONAL, /* it asked, and went on without one */
    MEISHI_NEED_WANTED,   /* it asked, went on, and answered 400, 401 or 403 */
    MEISHI_NEED_REQUIRED, /* it asked, and broke off */
    MEISHI_NEED_UNKNOWN,  /* it asked, and what it did then says neither */
} MeishiNeed;

/* FALSE with MEISHI_CLI_ERROR_FAILED where @report is that nobody there spoke TLS. */
gboolean meishi_probe_check_spoken(const MeishiTlsReport *report, const MeishiTarget *target,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* @report: of a connection on which no certificate was sent. */
MeishiNeed meishi_probe_need(const MeishiTlsReport *report);
const char *meishi_probe_need_name(MeishiNeed need);         /* "optional", static */
char *meishi_probe_need_text(const MeishiTlsReport *report); /* a phrase, new */

/* Whether an HTTP status is how a web server turns a client away that it shook hands with. */
gboolean meishi_probe_is_refusal(guint http_status);

/* The constraints of org.meishi.Agent1.Selector: what the server asked for, and whether it is
 * trusted.  @is_overridden: a person said that it does not matter.  Floating. */
GVariant *meishi_probe_constraints(const MeishiTlsReport *report, gboolean is_overridden);

/* "TLS 1.3"; static; NULL before a version was agreed on. */
const char *meishi_probe_version_name(guint16 version);
