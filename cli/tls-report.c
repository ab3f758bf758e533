/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The values of tls.h, for those who read them.
 */
#include "cli/tls.h"

void
meishi_tls_report_free(MeishiTlsReport *report)
{
    if (report == NULL)
        return;
    g_free(report->message);
    g_free(report->cipher);
    g_free(report->alpn);
    g_free(report->trust_text);
    g_clear_pointer(&report->server_cert, g_bytes_unref);
    meishi_certificate_request_free(report->request);
    g_free(report);
}
