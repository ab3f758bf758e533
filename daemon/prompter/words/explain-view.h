/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiExplainView: the words of "why was it decided so?".  Pure.
 */
#pragma once

#include "daemon/asking/question.h"

/* What became of one identity. */
typedef struct {
    char *label;
    char *verdict;    /* "Fits", "Not offered: it expired ...", "Cannot be used: ..." */
    char *which;      /* what tells it from others that are called the same */
    const char *icon; /* says the same; static */
} MeishiExplained;

typedef struct {
    char *title;
    char *heading;
    GPtrArray *facts;      /* names and values in turn */
    GPtrArray *identities; /* MeishiExplained, best first */
    char *rest;            /* that there are more identities; NULL: there are not */
    char *text;            /* all of it, to be copied; what strangers wrote in full */
} MeishiExplainView;

MeishiExplainView *meishi_explain_view_new(const MeishiQuestion *question, gint64 now);
void meishi_explain_view_free(MeishiExplainView *view); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiExplainView, meishi_explain_view_free)
