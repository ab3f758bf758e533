/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiRow: one certificate of the list, as words (specification 6.2).  Pure.
 */
#pragma once

#include "daemon/asking/question.h"

typedef struct {
    char *label;         /* never empty (rule 1) */
    char *place;         /* where the key lies: "card “Corp card”" */
    const char *icon;    /* of that place; static */
    char *issuer;        /* "" where there is none */
    char *contact;       /* the address that it is for; "" where there is none or the label is it */
    char *validity;      /* "valid until 2 March 2027, in 3 months" */
    char *difference;    /* "" where no other row looks like it */
    char *history;       /* "" where it was never used here */
    char *reason;        /* why it is not offered; "" */
    char *spoken;        /* all but the reason as one sentence, for a screen reader */
    char *key;           /* what type-ahead compares: label and issuer, folded */
    gboolean is_urgent;  /* it ends soon or has ended: shown in another colour, and said */
    gboolean is_expired; /* and @reason says so */
    gboolean is_soft;    /* takes a second click */
    gboolean is_usable;  /* FALSE: its card is not here */
} MeishiRow;

/* What a row is called (rule 1); never empty; new. */
char *meishi_row_label(const MeishiQuestionCandidate *candidate);

/* Where its key lies, and whether that is here; new. */
char *meishi_row_place(const MeishiQuestionCandidate *candidate);

/* The candidates of @question as MeishiRow, in their order; @now decides what ends soon. */
GPtrArray *meishi_row_list(const MeishiQuestion *question, gint64 now);
