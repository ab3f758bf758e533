/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a choice may be remembered for, as far as the question allows it.  Pure.
 */
#pragma once

#include "daemon/asking/question.h"

/* One of several: @word for the daemon, @label for the person. */
typedef struct {
    const char *word;
    char *label;
} MeishiOption;

/* Each: MeishiOption, the narrowest first; at least one; new. */
GArray *meishi_remember_options_scopes(const MeishiQuestion *question);
GArray *meishi_remember_options_reaches(const MeishiQuestion *question);
GArray *meishi_remember_options_programs(const MeishiQuestion *question);

/* The one of @scopes to begin with (specification 6.2 rule 5), which is the daemon's to say. */
guint meishi_remember_options_first(const MeishiQuestion *question, const GArray *scopes);
