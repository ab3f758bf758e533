/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which certificate a server gets, as lines for a terminal.  Pure; every string is new, clean
 * (cli/text.h) and, but for the prompts, ends with a newline.
 */
#pragma once

#include "daemon/asking/question.h"

/* How to lay it out: lines of @columns, or, where that is 0, one line for each thing, which screen
 * readers follow best.  @now decides what ends soon. */
typedef struct {
    guint columns;
    gint64 now;
} MeishiQuestionLayout;

/* Whether there is something to choose from; else a card has to be inserted, or an identity
 * imported, and the only answers are refusals. */
gboolean meishi_question_text_has_list(const MeishiQuestion *question);

/* Who asks for what, the identities that fit, the other answers. */
char *meishi_question_text_open(const MeishiQuestion *question, const MeishiQuestionLayout *layout);

/* The identities that are not offered, each with its reason. */
char *
meishi_question_text_others(const MeishiQuestion *question, const MeishiQuestionLayout *layout);

/* Why there is a question, and everything that is known of each identity. */
char *meishi_question_text_why(const MeishiQuestion *question, const MeishiQuestionLayout *layout);

/* "Use [1]: "; @fallback: what an empty answer means, a candidate's index, or G_MAXUINT. */
char *meishi_question_text_use(const MeishiQuestion *question, guint fallback);

/* "“X” was not offered: ... Use it all the same? [y/N] " */
char *meishi_question_text_insist(const MeishiQuestion *question, guint index);

/* "Remember: o)nce s)ession a)lways [o]: "; @fallback: a scope. */
char *meishi_question_text_remember(const MeishiQuestion *question, const char *fallback);
