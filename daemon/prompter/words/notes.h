/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the chooser says beside the list: what happened the last time, what is at stake, who had a
 * part in the question.  Pure.
 */
#pragma once

#include "daemon/asking/question.h"

typedef struct {
    gboolean is_warning;
    gboolean is_aside; /* not needed for choosing: after the list */
    char *text;
} MeishiNote;

/* MeishiNote, the gravest first; new. */
GPtrArray *meishi_notes_list(const MeishiQuestion *question);
