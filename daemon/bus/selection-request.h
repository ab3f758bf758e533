/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a TLS client says about its connection, from dictionaries to a MeishiSelectCall.  Who the
 * client is comes from elsewhere (caller.h).  Private to daemon/bus.
 */
#pragma once

#include "daemon/agent/selector.h"

/* Of one message, and of all requests of one caller that are open. */
#define MEISHI_SELECTION_MAX_BYTES (4 * 1024 * 1024)

/* The first arguments of SelectIdentity, Match and Explain; borrowed. */
typedef struct {
    GVariant *target;      /* (ssq) */
    GVariant *constraints; /* a{sv} */
    GVariant *options;     /* a{sv} */
} MeishiSelectionArguments;

gsize meishi_selection_request_size(const MeishiSelectionArguments *arguments);

/* Reads them; @is_dry: the keys that only Match and Explain know count too.  INVALID_ARGUMENT names
 * the key that is wrong and says what it has to be; UNSUPPORTED the one that was insisted on and is
 * unknown.  The caller and its names are still to be filled in, unless the request names an
 * application. */
MeishiSelectCall *
meishi_selection_request_parse(const MeishiSelectionArguments *arguments, gboolean is_dry,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Every key of both dictionaries, static; for Capabilities. */
const char *const *meishi_selection_request_keys(void);
