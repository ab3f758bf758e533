/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How to connect, as the commands that do let a person say it: --ca-file, --tls, --timeout.
 */
#pragma once

#include "cli/tls.h"

typedef struct {
    char *ca_file;
    char *version; /* "1.2", "1.3"; NULL */
    int timeout_s;
} MeishiTlsOption;

/* What holds where nothing is given. */
#define MEISHI_TLS_OPTION_INIT                    \
    {                                             \
        .timeout_s = MEISHI_TLS_TIMEOUT_MS / 1000 \
    }

/* Fills the members of @call that the options decide; USAGE. */
gboolean meishi_tls_option_apply(const MeishiTlsOption *option, MeishiTlsCall *call,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
