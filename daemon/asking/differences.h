/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiDifferences: in what rows of a list differ that would look alike, and in nothing else: a
 * column of fingerprints helps nobody to tell a person's two certificates apart.
 */
#pragma once

#include "daemon/asking/question.h"

#define MEISHI_DIFFERENCES_MAX 8 /* facets */

typedef struct MeishiDifferences MeishiDifferences;

/* Something by which candidates can be told apart, in clean words; new. */
typedef char *(*MeishiFacet)(const MeishiQuestionCandidate *candidate);

/* Compares all candidates of @question, in time that grows with their number alone.  @facets, which
 * are borrowed, end with NULL; what says something comes before what only tells apart. */
MeishiDifferences *
meishi_differences_new(const MeishiQuestion *question, const MeishiFacet *facets);
void meishi_differences_free(MeishiDifferences *differences); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiDifferences, meishi_differences_free)

/* The facets in which @candidate differs from one that looks like it, with @between between them;
 * "" where nothing looks like it.  New. */
char *meishi_differences_text(const MeishiDifferences *differences,
                              const MeishiQuestionCandidate *candidate, const char *between);
