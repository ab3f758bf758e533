/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The daemon's reasons in the person's language.  It sends a code, which we have words for, and a
 * sentence in English, which stands in for a code that we do not know.  Every string is new.
 */
#pragma once

#include "daemon/asking/question.h"

/* Why @candidate is not offered: "it expired on 1 March 2026". */
char *meishi_reasons_candidate(const MeishiQuestionCandidate *candidate);

/* The same as a kind, for counting: "expired"; NULL for a code that we do not know. */
const char *meishi_reasons_kind(const char *code);

/* What the server said the last time. */
char *meishi_reasons_said(const char *text);
