/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The a{sv} argument "options" of a method.  Private to daemon/bus.
 */
#pragma once

#include <glib.h>

typedef struct {
    const char *name;
    const char *type; /* D-Bus signature */
} MeishiOption;

/* INVALID_ARGUMENT for a name that is not in @known (ends with a NULL name) or has another type:
 * an option that is silently passed over would be a surprise. */
gboolean meishi_options_check(GVariant *options, const MeishiOption *known,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
