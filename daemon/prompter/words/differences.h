/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What tells rows apart that look alike (specification 6.2 rule 2): computed, no fixed column.
 */
#pragma once

#include "daemon/asking/question.h"

/* "unit Admins, issued on 9 January 2026, number …4f2a"; "" where no other row looks like it.  New.
 */
char *meishi_differences_text(const MeishiQuestion *question, guint index);
