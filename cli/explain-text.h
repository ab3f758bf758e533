/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Why a server gets what it gets, as lines for a terminal: what was decided and by what, then each
 * identity with its verdict.  Pure; what is returned is new, clean (cli/text.h) and ends with a
 * newline.
 */
#pragma once

#include "daemon/asking/question.h"

char *meishi_explain_text(const MeishiQuestion *question);
