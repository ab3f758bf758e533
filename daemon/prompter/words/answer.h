/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a window tells the daemon (org.meishi.Agent1.Agents.Respond).  Pure; a{sv}, floating.
 */
#pragma once

#include "daemon/asking/question.h"

/* How much of an answer is kept; words of the daemon's. */
typedef struct {
    const char *scope, *reach;
    gboolean any_application;
} MeishiRemembering;

/* @index: the candidate; G_MAXUINT: send none. */
GVariant *meishi_answer_choice(const MeishiQuestion *question, guint index,
                               const MeishiRemembering *remembering);

/* @allow: once, session, no. */
GVariant *meishi_answer_allow(const char *allow);

/* Beside a secret: @is_last_try: the person knows that it is. */
GVariant *meishi_answer_secret(gboolean is_last_try);
