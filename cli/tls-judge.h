/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a GnuTLS result code means for the server's verdict.
 */
#pragma once

#include "cli/tls-session.h"

/* Whether @code (or 0, the end of the stream) is the other end's going away. */
gboolean meishi_tls_judge_is_hangup(int code);

/* Writes an outcome to the report. */
void meishi_tls_judge_end(MeishiTlsSession *session, MeishiTlsOutcome outcome, const char *message);

/* After the failure @code: an outcome in the report, or FALSE and an error where it is nobody's
 * verdict. */
gboolean
meishi_tls_judge(MeishiTlsSession *session, int code, GError **error) G_GNUC_WARN_UNUSED_RESULT;
