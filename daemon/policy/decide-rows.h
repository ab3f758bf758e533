/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The decision table: its rows, asked in order.  Internal to decide.c.
 */
#pragma once

#include "daemon/policy/decide.h"

typedef struct {
    MeishiEngine *engine;
    const MeishiRequest *request;
    MeishiDecision *decision;
    MeishiCode final; /* of the steps that end a request */
    const MeishiChoice *choice;
} MeishiDecideTable;

/* Fills in the decision by the first row that applies. */
void meishi_decide_rows(MeishiDecideTable *table);

/* Is the rule that is asked one that selects? */
gboolean meishi_decide_rows_is_select(const MeishiDecideTable *table);
