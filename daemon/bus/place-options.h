/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where a prompter says that it asks (the options of Agents.Register), checked against what the
 * kernel says of its process.  Private to daemon/bus.
 */
#pragma once

#include "daemon/agent/prompters.h"

typedef struct {
    MeishiPrompterPlace place; /* borrows from the program and from @kinds */
    char **kinds;
} MeishiPlaceOptions;

void meishi_place_options_clear(MeishiPlaceOptions *options);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MeishiPlaceOptions, meishi_place_options_clear)

/* Reads @dict (a{sv}) of @program.  DENIED where @program is in another login session, or does not
 * sit on that terminal; INVALID_ARGUMENT where a value is of another type. */
gboolean meishi_place_options_read(GVariant *dict, const MeishiApplication *program,
                                   MeishiPlaceOptions *ret_options,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
