/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is different between two lists of choices, and which connections that concerns.
 */
#pragma once

#include "daemon/policy/choice.h"

typedef struct {
    char *host; /* begins with a dot: the domain and all below it */
    guint port; /* 0: every one */
} MeishiChangedTarget;

void meishi_changed_target_free(gpointer target);

/* The targets (MeishiChangedTarget, each once, new) that @before and @now (MeishiChoice) send
 * something else to; those of "once" aside, which end by themselves.  Where a choice belongs to a
 * selection group, all targets of the group. */
GPtrArray *meishi_choice_diff_find(GPtrArray *before, GPtrArray *now);
