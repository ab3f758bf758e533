/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A case: a machine written down as facts, one judge, and what it says.
 */
#pragma once

#include "cli/doctor/judge/judges.h"

typedef struct {
    const char *name;
    MeishiJudge judge;
    MeishiFacts facts;
    /* "LEVEL CODE: COMMAND" of each finding in a line of its own; without ": COMMAND" where there
     * is none. */
    const char *said;
} JudgingCase;

/* Adds a test for each of @cases, below "/doctor/". */
void judging_add(const JudgingCase *cases, gsize n_cases);

/* What stands for a file in facts. */
#define DIRECTORY(place, permissions, owner)                                         \
    {                                                                                \
        .path = place, .exists = TRUE, .mode = 0040000 | (permissions), .uid = owner \
    }
#define REGULAR(place, permissions, owner)                                           \
    {                                                                                \
        .path = place, .exists = TRUE, .mode = 0100000 | (permissions), .uid = owner \
    }

#define AMD64        \
    {                \
        TRUE, 64, 62 \
    }
#define I386        \
    {               \
        TRUE, 32, 3 \
    }
