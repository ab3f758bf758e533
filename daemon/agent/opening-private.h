/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * An opening from inside: for the opening*.c files of this directory only.
 */
#pragma once

#include "daemon/agent/agent-private.h"
#include "daemon/agent/crowd.h"
#include "daemon/agent/opening.h"
#include "daemon/agent/quiet.h"

#define MEISHI_OPENING_WHY_BLOCKED "it has blocked itself after too many wrong tries"

struct MeishiOpening {
    MeishiAgent *agent;
    const MeishiLockClass *class;
    gpointer lock;
    MeishiQuiet *quiet;
    GPtrArray *askings; /* MeishiOpeningAsking, borrowed */
};

/* How a question ended. */
typedef enum {
    MEISHI_SAID_ANSWER,
    MEISHI_SAID_NOT_NOW,
    MEISHI_SAID_AT_READER, /* which ended first */
    MEISHI_SAID_NOBODY,    /* is there who could ask */
    MEISHI_SAID_NOTHING,   /* in time */
    MEISHI_SAID_OUTDATED,  /* it was not the right question any more */
} MeishiOpeningSaid;

/* One question after the other, until it is known how it ends. */
typedef struct {
    MeishiOpening *opening;
    MeishiAgent *agent; /* held, like the lock, until all have been told */
    MeishiCrowd *crowd; /* data of each task: its MeishiOpeningCaller */
    /* The question. */
    GCancellable *question;    /* that is open; NULL */
    gboolean is_closed;        /* nobody joins any more */
    gboolean is_outdated;      /* withdrawn to be put otherwise */
    MeishiLockFacts asked;     /* what it says */
    MeishiOpeningSaid said;    /* how the last one ended */
    MeishiSecretAnswer answer; /* to it */
    gboolean has_consent;      /* to spend the last try at the reader */
    /* What was tried. */
    GCancellable *attempt; /* under way; NULL */
    gboolean has_tried;
    GError *failure;
    guint n_wrong;
} MeishiOpeningAsking;

/* Who waits. */
typedef struct {
    MeishiApplication *application;
    char *id, *label; /* of the key; "" */
} MeishiOpeningCaller;

/* ---- opening.c */

/* As the lock is at this moment. */
MeishiLockFacts meishi_opening_look(const MeishiOpening *opening);

void meishi_opening_be_quiet(MeishiOpening *opening);

void meishi_opening_asking_free(MeishiOpeningAsking *asking);

/* ---- opening-ask.c */

/* Puts the question; the asking goes on by itself from here, to its end. */
void meishi_opening_begin(MeishiOpeningAsking *asking);
