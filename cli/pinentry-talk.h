/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The conversation with a pinentry.  Blocks, so it has a thread of its own; pinentry.c has that and
 * the program.
 */
#pragma once

#include "daemon/base/secret.h"

typedef enum {
    MEISHI_PINENTRY_GIVEN,     /* a secret, or leave */
    MEISHI_PINENTRY_REFUSED,   /* "no" */
    MEISHI_PINENTRY_DISMISSED, /* "not now" */
    MEISHI_PINENTRY_FAILED,    /* it is of no use */
} MeishiPinentryEnd;

/* Says @script over the socket @fd, which it takes, and asks: for a secret, or, @is_confirm, for
 * leave.  @ret_secret: at most 4096 bytes, not empty, with GIVEN unless @is_confirm.
 * @ret_problem: why it is of no use, with FAILED; new. */
MeishiPinentryEnd meishi_pinentry_talk(int fd, const char *const *script, gboolean is_confirm,
                                       MeishiSecret **ret_secret, char **ret_problem);
