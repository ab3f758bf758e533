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

typedef struct {
    int fd;              /* a socket, which is taken */
    char **script;       /* what is said first: see pinentry-script.h */
    gboolean is_confirm; /* ask for leave, not for a secret */

    gint is_asking; /* atomic: everything was said, and it is a person's turn */

    MeishiPinentryEnd end;
    MeishiSecret *secret; /* at most 4096 bytes, not empty, where it was asked for and GIVEN */
    char *problem;        /* why it is of no use, with FAILED */
} MeishiPinentryTalk;

/* Returns when the other end has answered or closed the socket; shutdown(2) does that from here.
 * What a broken pinentry says is no more than a problem. */
void meishi_pinentry_talk(MeishiPinentryTalk *talk);
