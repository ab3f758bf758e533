/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * meishi import --from: takes identities over from where other programs keep them.  There, nothing
 * is changed and nothing removed.
 */
#pragma once

#include "cli/importing.h"

typedef struct {
    const char *from;    /* --from */
    const char *path;    /* the argument; NULL */
    const char *profile; /* --profile; NULL */
} MeishiMoveInRequest;

/* MEISHI_CLI_ERROR_USAGE where that cannot be meant. */
gboolean
meishi_move_in_check(const MeishiMoveInRequest *request, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Finds, imports as @importing says (without files yet), and prints what became of it.  An error
 * without a message where something that was found could not be taken: it is in what was printed.
 */
gboolean meishi_move_in_run(const MeishiMoveInRequest *request, MeishiImporting *importing,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
