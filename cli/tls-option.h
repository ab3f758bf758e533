/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How to connect, as the commands that do let a person say it.
 */
#pragma once

#include "cli/tls.h"

typedef struct {
    char *ca_file;
    char *version; /* "1.2", "1.3"; NULL */
    int timeout_s; /* 0: not given */
} MeishiTlsOption;

/* Entries for a command's options; @option is a static MeishiTlsOption. */
#define MEISHI_TLS_OPTION_ENTRIES(option)                       \
    {"ca-file",                                                 \
     0,                                                         \
     0,                                                         \
     G_OPTION_ARG_FILENAME,                                     \
     &(option).ca_file,                                         \
     "Trust the authorities in FILE (PEM) beside the system's", \
     "FILE"},                                                   \
        {"tls",                                                 \
         0,                                                     \
         0,                                                     \
         G_OPTION_ARG_STRING,                                   \
         &(option).version,                                     \
         "Speak this version of TLS alone: 1.2 or 1.3",         \
         "VERSION"},                                            \
    {                                                           \
        "timeout", 0, 0, G_OPTION_ARG_INT, &(option).timeout_s, \
            "Give up after so many seconds (10)", "SECONDS"     \
    }

/* Fills the members of @call that the options decide; USAGE. */
gboolean meishi_tls_option_apply(const MeishiTlsOption *option, MeishiTlsCall *call,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
