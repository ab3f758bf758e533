/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What became of one place.  A value.
 */
#pragma once

#include "cli/setup/place.h"

typedef enum {
    MEISHI_OUTCOME_DONE,      /* changed; with a dry run: would be */
    MEISHI_OUTCOME_ALREADY,   /* is as it should be */
    MEISHI_OUTCOME_BUSY,      /* a program has it open, and would overwrite it */
    MEISHI_OUTCOME_FAILED,    /* message says why */
    MEISHI_OUTCOME_LEFT,      /* not ours to change: message or hint says what to do */
    MEISHI_OUTCOME_RESTORED,  /* undone: byte for byte what it was */
    MEISHI_OUTCOME_TAKEN_OUT, /* undone: somebody else changed the file, what was ours is gone */
} MeishiOutcomeKind;

typedef struct {
    MeishiOutcomeKind kind;
    char *program, *title, *path; /* path NULL where there is none */
    char *message;                /* a sentence; NULL */
    char *hint;                   /* lines; NULL */
    gboolean is_usage;            /* hint is how to use it, nothing that has to be done */
} MeishiOutcome;

MeishiOutcome *meishi_outcome_new(MeishiOutcomeKind kind, const char *program, const char *title,
                                  const char *path);
void meishi_outcome_free(MeishiOutcome *outcome);

/* "done", "already", ...: for --json; static. */
const char *meishi_outcome_name(MeishiOutcomeKind kind);

/* Whether the person has to do something about it. */
gboolean meishi_outcome_is_bad(const MeishiOutcome *outcome);
