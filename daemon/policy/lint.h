/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiLint: one remark about a policy file: where, and what to do.  The remarks are part of the
 * format, because a file with an error is refused.
 */
#pragma once

#include <glib.h>

typedef enum {
    MEISHI_LINT_WARNING,
    MEISHI_LINT_ERROR,
} MeishiSeverity;

/* Strings are borrowed; any may be NULL, and line 0 means the file as a whole. */
typedef struct {
    const char *file;
    guint line;
    const char *group;
    const char *key;
} MeishiLintPlace;

typedef struct {
    MeishiSeverity severity;
    char *file;
    guint line;
    char *group;
    char *key;
    char *message;
} MeishiLint;

GPtrArray *meishi_lint_list_new(void); /* of MeishiLint */

void meishi_lint_add(GPtrArray *lints, MeishiSeverity severity, const MeishiLintPlace *place,
                     const char *format, ...) G_GNUC_PRINTF(4, 5);

/* By file, then line; stable. */
void meishi_lint_sort(GPtrArray *lints);

/* The first error, borrowed; NULL for none. */
const MeishiLint *meishi_lint_first_error(GPtrArray *lints);

/* What `meishi policy check` exits with: 0 clean, 1 warnings, 2 errors. */
int meishi_lint_exit_status(GPtrArray *lints);

/* "FILE:LINE: error: [GROUP] KEY: MESSAGE", new. */
char *meishi_lint_to_text(const MeishiLint *lint);
