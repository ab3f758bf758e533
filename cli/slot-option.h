/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A new key slot, as three commands let a person describe it.
 */
#pragma once

#include <gio/gunixfdlist.h>

#include "cli/secret-option.h"

typedef struct {
    const char *kind; /* "" for the best at hand */
    char *path;       /* of a key file; NULL: the usual place */
    MeishiSecretOption passphrase;
} MeishiSlotOption;

/* USAGE where @option->kind is none, or where the options do not go with it. */
gboolean
meishi_slot_option_check(const MeishiSlotOption *option, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Adds what the daemon wants to @options and @fds; asks for a new passphrase where one is due. */
gboolean meishi_slot_option_send(const MeishiSlotOption *option, GVariantDict *options,
                                 GUnixFDList *fds, GError **error) G_GNUC_WARN_UNUSED_RESULT;
