/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiFinding: what one check of `meishi doctor` says.  A problem says what it means and, where
 * there is one, the command that mends it: a line for the person's shell, as it is to be typed.
 */
#pragma once

#include <glib.h>

typedef enum {
    MEISHI_FINDING_OK,
    MEISHI_FINDING_NOTE, /* worth knowing; nothing has to be done */
    MEISHI_FINDING_PROBLEM,
} MeishiFindingLevel;

typedef struct {
    MeishiFindingLevel level;
    const char *check; /* the check that says it, static; set by meishi_judge_all() */
    const char *code;  /* which finding it is, for programs; static */
    char *text;        /* what is there, without a full stop */
    char *meaning;     /* sentences; NULL */
    char *command;     /* NULL */
} MeishiFinding;

GPtrArray *meishi_finding_list_new(void); /* of MeishiFinding */

/* Adds a finding with this text; borrowed from @findings. */
MeishiFinding *meishi_finding_add(GPtrArray *findings, MeishiFindingLevel level, const char *code,
                                  const char *format, ...) G_GNUC_PRINTF(4, 5);

#define meishi_finding_ok(findings, ...) \
    meishi_finding_add((findings), MEISHI_FINDING_OK, __VA_ARGS__)
#define meishi_finding_note(findings, ...) \
    meishi_finding_add((findings), MEISHI_FINDING_NOTE, __VA_ARGS__)
#define meishi_finding_problem(findings, ...) \
    meishi_finding_add((findings), MEISHI_FINDING_PROBLEM, __VA_ARGS__)

/* What it means; what mends it.  The last word counts. */
void meishi_finding_means(MeishiFinding *finding, const char *format, ...) G_GNUC_PRINTF(2, 3);
void meishi_finding_mends(MeishiFinding *finding, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* How many are of @level. */
guint meishi_finding_count(GPtrArray *findings, MeishiFindingLevel level);

/* "ok", "note", "problem"; static. */
const char *meishi_finding_level_name(MeishiFindingLevel level);

/* @word as a shell takes it for one, quoted only where it has to be; new. */
char *meishi_finding_quote(const char *word);
