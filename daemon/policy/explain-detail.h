/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What was compared when a step spoke about an identity, in one line.  Internal to explain.c, but
 * for the texts that a prompter shows (daemon/agent/question.c).
 */
#pragma once

#include <glib.h>

#include "daemon/policy/decide.h"

/* New; empty where there is nothing to add. */
char *meishi_explain_detail(const MeishiVerdict *verdict, const MeishiWorld *world,
                            const MeishiRequest *request);

/* "2027-03-02", new. */
char *meishi_explain_detail_date(gint64 seconds);

/* @text as one line: control characters and directional marks replaced, at most 80 characters. */
char *meishi_explain_detail_line(const char *text);
