/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiTtyPinentry: a pinentry that has the terminal for a question, and gives it back as it was.
 */
#pragma once

#include "cli/pinentry.h"
#include "daemon/asking/question.h"

typedef struct MeishiTtyPinentry MeishiTtyPinentry;

typedef struct {
    const char *program;
    int fd;           /* the terminal */
    const char *path; /* by which the program opens it */
    gboolean plain;   /* no escape sequences of ours */
} MeishiTtyPinentryHow;

/* @problem: what was wrong with what was typed into it before; NULL.  @done: see pinentry.h. */
MeishiTtyPinentry *
meishi_tty_pinentry_new(const MeishiTtyPinentryHow *how, const MeishiQuestion *question,
                        const char *problem, MeishiPinentryDone done, gpointer user_data,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Ends the program, and the terminal is as it was.  NULL is fine. */
void meishi_tty_pinentry_free(MeishiTtyPinentry *pinentry);
