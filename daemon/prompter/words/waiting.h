/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How long whoever asks waits for the answer, in words (specification 6.3: the limit is announced
 * and can be extended).  Pure.
 */
#pragma once

#include "daemon/asking/question.h"

/* From so many seconds before the end on, more time is offered. */
#define MEISHI_WAITING_SHORT 20

/* "" where there is no limit; new. */
char *meishi_waiting_text(const MeishiQuestion *question, gint64 now);

/* Whether there is so little time left that more of it is offered. */
gboolean meishi_waiting_is_short(const MeishiQuestion *question, gint64 now);

/* In how many seconds either of the two will be another; 0: not by itself. */
guint meishi_waiting_next_change(const MeishiQuestion *question, gint64 now);
