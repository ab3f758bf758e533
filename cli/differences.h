/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiDifferences: in what rows of a list differ that would look alike, and in nothing else: a
 * column of fingerprints helps nobody to tell a person's two certificates apart.
 */
#pragma once

#include "daemon/asking/question.h"

typedef struct MeishiDifferences MeishiDifferences;

/* Compares all candidates of @question, in time that grows with their number alone. */
MeishiDifferences *meishi_differences_new(const MeishiQuestion *question);
void meishi_differences_free(MeishiDifferences *differences); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiDifferences, meishi_differences_free)

/* "OU=Admins, issued 2026-01-09, ..4f2a"; "" where nothing looks like @candidate.  New, clean. */
char *meishi_differences_text(const MeishiDifferences *differences,
                              const MeishiQuestionCandidate *candidate);
