/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiPinentry: a pinentry that asks a person for a secret or for leave, while the main loop
 * runs.  Main thread.
 */
#pragma once

#include "cli/pinentry-talk.h"

typedef struct MeishiPinentry MeishiPinentry;

/* @secret: to be kept by a reference; NULL but where one was asked for and GIVEN.  @problem: with
 * FAILED.  Called once; may free the MeishiPinentry. */
typedef void (*MeishiPinentryDone)(MeishiPinentryEnd end, MeishiSecret *secret, const char *problem,
                                   gpointer user_data);

/* Starts @program, which shall ask what @script says: see pinentry-talk.h. */
MeishiPinentry *meishi_pinentry_new(const char *program, const char *const *script,
                                    gboolean is_confirm, MeishiPinentryDone done,
                                    gpointer user_data, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Ends the program: it has half a second to put its screen right.  Whether it was killed (or had
 * killed itself) and so may have left the terminal in any state.  NULL is fine. */
gboolean meishi_pinentry_free(MeishiPinentry *pinentry);
