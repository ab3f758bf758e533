/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From options to a call; see tls-option.h.
 */
#include "cli/tls-option.h"

#include "cli/error.h"
#include "daemon/policy/sigalg.h"

#define MAX_TIMEOUT_S 600

static gboolean
read_version(const char *text, guint16 *ret_version, GError **error)
{
    if (text == NULL)
        *ret_version = 0;
    else if (g_str_equal(text, "1.2"))
        *ret_version = MEISHI_TLS_1_2;
    else if (g_str_equal(text, "1.3"))
        *ret_version = MEISHI_TLS_1_3;
    else {
        g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_USAGE,
                    "--tls is 1.2 or 1.3, not “%s”.", text);
        return FALSE;
    }
    return TRUE;
}

gboolean
meishi_tls_option_apply(const MeishiTlsOption *option, MeishiTlsCall *call, GError **error)
{
    if (option->timeout_s < 1 || option->timeout_s > MAX_TIMEOUT_S) {
        g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_USAGE,
                    "--timeout is a number of seconds from 1 to %d.", MAX_TIMEOUT_S);
        return FALSE;
    }
    call->ca_file = option->ca_file;
    call->timeout_ms = (guint)option->timeout_s * 1000;
    return read_version(option->version, &call->version, error);
}
