/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A question as the commands that a pinentry takes before GETPIN or CONFIRM.  Pure.
 */
#pragma once

#include "daemon/asking/question.h"

/* Where it shall ask, and in which language; a NULL is not said. */
typedef struct {
    const char *tty, *tty_type;
    const char *lc_ctype, *lc_messages;
    const char *display;
} MeishiPinentryPlace;

/* Lines without their ends, each short enough for Assuan; the first that must be understood is
 * "SETDESC".  @problem: what was wrong with the last answer, beside what the question says; NULL.
 * @now: until the question's deadline it waits.  New. */
char **meishi_pinentry_script_new(const MeishiQuestion *question, const MeishiPinentryPlace *place,
                                  const char *problem, gint64 now);
